import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { atTurnEnd } from './timing.js';

describe('atTurnEnd', () => {
  it('calls all back in their order, once, and who asks meanwhile a turn later', async () => {
    const calls: string[] = [];
    atTurnEnd(() => {
      calls.push('first');
      atTurnEnd(() => calls.push('third'));
    });
    process.nextTick(() => atTurnEnd(() => calls.push('second')));
    await Promise.resolve();
    expect(calls).toEqual([]);
    await turn();
    expect(calls).toEqual(['first', 'second']);
    await turn();
    await turn();
    expect(calls).toEqual(['first', 'second', 'third']);
  });

  it('calls the others back a turn later, where one throws', async () => {
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    onTestFinished(() => {
      for (const listener of listeners) {
        process.on('uncaughtException', listener);
      }
    });
    const thrown = once(process, 'uncaughtException');
    const calls: string[] = [];
    atTurnEnd(() => calls.push('first'));
    atTurnEnd(() => {
      throw new Error('thrown');
    });
    atTurnEnd(() => calls.push('third'));
    expect((await thrown)[0]).toEqual(new Error('thrown'));
    await turn();
    expect(calls).toEqual(['first', 'third']);
  });

  it('calls back where a test has put another clock in place', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const callback = vi.fn();
    atTurnEnd(callback);
    await turn();
    expect(callback).toHaveBeenCalledOnce();
  });
});
