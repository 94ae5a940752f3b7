import { TypedEmitter } from '../../../util/typed-emitter.js';
import type { Clock } from '../environment.js';
import type { MembershipEnvironment } from '../membership.types.js';
import { TestCloud } from '../testing-support/test-cloud.js';
import type { MemberListEvents } from './member-change.js';
import { SelfRecord } from './self-record.js';

const HOUR = 3_600_000;

function make(description = {}, env: Partial<MembershipEnvironment> = {}) {
  const { clock } = new TestCloud();
  const events = new TypedEmitter<MemberListEvents>();
  const self = new SelfRecord(events, { id: 'a', data: {}, ...description }, {
    clock,
    ...env,
  } as MembershipEnvironment);
  return { self, clock, events };
}

describe('SelfRecord', () => {
  it('starts at the time of day', () => {
    const { self, clock } = make();
    expect(self.incarnation).toBe(clock.now());
    expect(self.hasAddress).toBe(false);
  });

  it('rises above what was heard, but believes no more than 23 hours ahead', () => {
    const { self, clock } = make();
    const start = clock.now();
    expect(self.raise()).toBe(true);
    expect(self.incarnation).toBe(start + 1);
    expect(self.raise(start - 50)).toBe(true);
    expect(self.incarnation).toBe(start + 2);
    expect(self.raise(start + HOUR)).toBe(true);
    expect(self.incarnation).toBe(start + HOUR + 1);
    expect(self.raise(start + 23 * HOUR + 1)).toBe(false);
    expect(self.incarnation).toBe(start + HOUR + 1);
    expect(self.raise(start + 23 * HOUR)).toBe(true);
    expect(self.raise()).toBe(true);
  });

  it('begins anew where its clock went back by more than a day, and else does not', () => {
    let now = 48 * HOUR;
    const { self } = make({}, { clock: { now: () => now } as Clock });
    now = 24 * HOUR;
    expect(self.rewind()).toBe(false);
    expect(self.incarnation).toBe(48 * HOUR);
    now = 24 * HOUR - 1;
    expect(self.rewind()).toBe(true);
    expect(self.incarnation).toBe(now);
  });

  it('takes an inferred address, unless one was given', () => {
    const { self } = make();
    self.adopt('b', '10.0.0.1');
    expect(self.record).toMatchObject({ id: 'b', ip: '10.0.0.1' });
    const { self: given } = make({ ip: '10.9.9.9' });
    given.adopt('a', '10.0.0.1');
    expect(given.record.ip).toBe('10.9.9.9');
  });

  it('tells of each change once, and not of none', () => {
    const { self, events } = make();
    const heard: number[] = [];
    events.on('self.changed', (now, before) =>
      heard.push(now.incarnation - before.incarnation),
    );
    self.adopt('a', undefined);
    self.setData({ n: 1 });
    expect(heard).toEqual([1]);
  });

  it('signs each version anew', () => {
    const signed: (number | undefined)[] = [];
    const { self } = make(
      {},
      {
        signRecord: ({ incarnation }) => {
          signed.push(incarnation);
          return `signature ${signed.length}`;
        },
      },
    );
    self.raise();
    self.listen(1);
    expect(self.record.signature).toBe('signature 3');
    expect(signed).toEqual([
      self.incarnation - 1,
      self.incarnation,
      self.incarnation,
    ]);
  });
});
