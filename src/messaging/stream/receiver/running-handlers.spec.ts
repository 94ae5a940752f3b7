import { Semaphore } from '../../../util/semaphore.js';
import { RunningHandlers, SenderLoad } from './running-handlers.js';

describe('RunningHandlers', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function setUp() {
    const load = new SenderLoad(1, new Semaphore(1), () => undefined);
    const onEmpty = vi.fn();
    return {
      load,
      onEmpty,
      running: new RunningHandlers(1, 500, load, onEmpty),
    };
  }

  it('counts a message until it settles', () => {
    const { load, onEmpty, running } = setUp();
    const number = running.enter(performance.now() + 1000);
    vi.advanceTimersByTime(900);
    expect([load.isFull, running.isEmpty]).toEqual([true, false]);
    running.leave(number);
    expect([load.isFull, running.isEmpty]).toEqual([false, true]);
    expect(onEmpty).toHaveBeenCalledOnce();
  });

  it('counts one that does not settle until its deadline, once', () => {
    const { load, onEmpty, running } = setUp();
    const number = running.enter(performance.now() + 1000);
    vi.advanceTimersByTime(1010);
    expect([load.isFull, running.isEmpty]).toEqual([false, true]);
    running.leave(number);
    expect(load.isIdle).toBe(true);
    expect(onEmpty).toHaveBeenCalledOnce();
  });

  it('counts one not much longer once nobody waits for it', () => {
    const { load, running } = setUp();
    const number = running.enter(Infinity);
    vi.advanceTimersByTime(10_000);
    expect(load.isFull).toBe(true);
    running.abandonOne(number);
    vi.advanceTimersByTime(400);
    expect(load.isFull).toBe(true);
    vi.advanceTimersByTime(110);
    expect([load.isFull, running.isEmpty]).toEqual([false, true]);
    running.abandonOne(number);
    running.leave(number);
    expect(load.isIdle).toBe(true);
  });

  it('counts nothing much longer once nobody waits for it', () => {
    const { load, running } = setUp();
    running.enter(Infinity);
    vi.advanceTimersByTime(10_000);
    running.abandon();
    vi.advanceTimersByTime(490);
    expect(load.isFull).toBe(true);
    vi.advanceTimersByTime(20);
    expect(load.isFull).toBe(false);
  });

  it('counts it for some time at least, however short its deadline is', () => {
    const { load, running } = setUp();
    running.enter(performance.now() + 10);
    vi.advanceTimersByTime(490);
    expect(load.isFull).toBe(true);
    vi.advanceTimersByTime(20);
    expect(load.isFull).toBe(false);
  });
});
