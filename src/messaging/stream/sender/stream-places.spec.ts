import type { PeerLink } from './peer-link.js';
import { StreamPlaces } from './stream-openings.js';

describe('StreamPlaces', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function linkOf(streamCount: number, isResting = false, usedAt = 0) {
    const link = { streamCount, isResting, usedAt, rest: vi.fn() };
    link.rest.mockImplementation(() => (link.isResting = false));
    return link as typeof link & PeerLink;
  }

  it('counts every stream, whatever it is doing', () => {
    const links = [linkOf(1), linkOf(2), linkOf(0)];
    expect(new StreamPlaces(4, () => links).hasPlace()).toBe(true);
    expect(new StreamPlaces(3, () => links).hasPlace()).toBe(false);
  });

  it('ends the least recently used to make room, one for each who asks', () => {
    const now = performance.now();
    const busy = linkOf(1, false, now - 9000);
    const older = linkOf(1, true, now - 8000);
    const newer = linkOf(1, true, now - 7000);
    const places = new StreamPlaces(3, () => [busy, newer, older]);
    expect(places.hasPlace()).toBe(false);
    expect(older.rest).toHaveBeenCalledOnce();
    expect(places.hasPlace()).toBe(false);
    expect(newer.rest).toHaveBeenCalledOnce();
    expect(busy.rest).not.toHaveBeenCalled();
    older.streamCount = 0;
    expect(places.hasPlace()).toBe(true);
  });

  it('leaves alone what was used a moment ago, and looks again a little later', () => {
    const link = linkOf(1, true, performance.now() - 4900);
    const places = new StreamPlaces(1, () => [link]);
    expect(places.hasPlace()).toBe(false);
    vi.advanceTimersByTime(249);
    places.hasPlace();
    expect(link.rest).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    places.hasPlace();
    expect(link.rest).toHaveBeenCalledOnce();
  });
});
