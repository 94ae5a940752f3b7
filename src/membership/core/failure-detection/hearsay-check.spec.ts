import type { CoreContext } from '../core-context.js';
import type { FailureDetector } from './failure-detector.js';
import { HearsayCheck } from './hearsay-check.js';
import { GOSSIP, makeList, member } from '../testing-support/listed.js';

/** Members checked in one period, after so many were named. */
function checksAmong(names: number): string[] {
  const { list } = makeList({ maxPeers: 10_000, maxHearsay: 10_000 });
  for (let n = 0; n < names; n++) {
    list.apply(member(`x${n}`, 1, { port: n + 1 }), GOSSIP);
  }
  const checked: string[] = [];
  const detector = {
    probe: ({ id }: { id: string }) => Promise.resolve(checked.push(id)),
  } as unknown as FailureDetector;
  const check = new HearsayCheck({ list } as CoreContext, detector);
  for (let periods = 0; periods < 2; periods++) {
    check.tick();
  }
  return checked;
}

describe('HearsayCheck', () => {
  it('leaves a few names to the usual round', () => {
    expect(checksAmong(50)).toEqual([]);
  });

  it('checks the more the more there are, each in its turn', () => {
    expect(checksAmong(64)).toEqual(['x0', 'x1']);
    expect(checksAmong(200)).toHaveLength(6);
  });

  it('checks so many at most', () => {
    expect(checksAmong(9000)).toHaveLength(32);
  });
});
