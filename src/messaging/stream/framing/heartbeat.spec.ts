import { Heartbeat } from './timing.js';

describe('Heartbeat', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('beats, and says when the process stood still', () => {
    const beats: boolean[] = [];
    const heartbeat = new Heartbeat(100, (_now, stalled) =>
      beats.push(stalled),
    );
    heartbeat.start();
    heartbeat.start();
    vi.advanceTimersByTime(200);
    expect(beats).toEqual([false, false]);
    const stall = vi.spyOn(performance, 'now').mockReturnValue(1e9);
    vi.advanceTimersByTime(100);
    stall.mockRestore();
    expect(beats).toEqual([false, false, true]);
    heartbeat.stop();
    vi.advanceTimersByTime(1000);
    expect(beats).toHaveLength(3);
  });
});
