import { setImmediate as turn } from 'node:timers/promises';
import { atTurnEnd } from './turn-end.js';

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
});
