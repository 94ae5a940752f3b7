import { getEventListeners } from 'node:events';
import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { passedOrFired } from './waits.js';

describe('a wait for a time or a signal', () => {
  it.each([
    ['the time has passed', 1_000, 5_000],
    ['the signal has fired', 5_000, 1_000],
    ['the signal had fired before', 5_000, 0],
  ])('ends when %s, and leaves nothing behind', async (_case, ms, firesAt) => {
    const clock = new VirtualClock();
    const from = clock.monotonic();
    const ending = new AbortController();
    if (firesAt === 0) {
      ending.abort();
    } else {
      clock.setTimeout(() => ending.abort(), firesAt);
    }
    await clock.complete(passedOrFired(clock, ms, ending.signal));
    expect(clock.monotonic() - from).toBe(Math.min(ms, firesAt));
    expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
  });
});
