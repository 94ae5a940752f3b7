import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { CoreContext } from '../core-context.js';
import { LegacyRenewals } from './legacy-renewals.js';
import { makeRecord } from '../member-list/member-record.js';
import type { Teller } from '../dissemination/teller.js';

/** Renewals of a list, and what they tell the legacy member `k`. */
function makeRenewals() {
  const records = ['k', 'b'].map((id, index) =>
    makeRecord({ id, ip: `10.0.0.${index}`, port: 1, data: {} }, 'alive'),
  );
  const members = new Map(records.map((record) => [record.id, record]));
  const ctx = {
    env: { clock: new VirtualClock() },
    list: { peek: (id: string) => members.get(id) },
  } as unknown as CoreContext;
  const told: string[] = [];
  const teller = {
    left: async (_: unknown, id: string) => told.push(`left ${id}`) > 0,
    joined: async (_: unknown, { id }: { id: string }) =>
      told.push(`joined ${id}`) > 0,
  } as unknown as Teller;
  return {
    members,
    b: records[1]!,
    told,
    renewals: new LegacyRenewals(ctx, teller),
  };
}

describe('LegacyRenewals', () => {
  it('tell of a member once where they are asked for twice', async () => {
    const { told, renewals } = makeRenewals();
    expect(await renewals.runOnce('k', 'b')).toBe(true);
    expect(await renewals.runOnce('k', 'b')).toBe(true);
    expect(told).toEqual(['left b', 'joined b']);
  });

  it('tell of a member that is back just after they have told its end', async () => {
    const { members, b, told, renewals } = makeRenewals();
    members.delete('b');
    expect(await renewals.run('k', 'b')).toBe(true);
    expect(renewals.isDoneSince('k', 'b', 0)).toBe(true);
    members.set('b', b);
    expect(renewals.isDoneSince('k', 'b', 0)).toBe(false);
    expect(await renewals.runOnce('k', 'b')).toBe(true);
    expect(told).toEqual(['left b', 'left b', 'joined b']);
  });

  it('do not count as done once the member is gone', async () => {
    const { members, renewals } = makeRenewals();
    await renewals.run('k', 'b');
    members.delete('b');
    expect(renewals.isDoneSince('k', 'b', 0)).toBe(false);
  });
});
