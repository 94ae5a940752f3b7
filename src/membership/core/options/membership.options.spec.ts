import { resolveMembershipOptions } from './membership.options.js';

describe('resolveMembershipOptions', () => {
  it('has the profile lan by default, complete and frozen', () => {
    const options = resolveMembershipOptions();
    expect(options).toMatchObject({
      probeTimeout: 250,
      probeTries: 2,
      indirectProbes: 3,
      suspicionMultiplier: 4,
      suspicionMaxFactor: 6,
      suspicionConfirmations: 3,
      maxLocalHealth: 8,
      directThreshold: 32,
      gossipInterval: 200,
      gossipFanout: 3,
      gossipMultiplier: 4,
      gossipMinSends: 12,
      syncInterval: 10_000,
      redialRate: 3,
      deadMemoryHours: 24,
      joinTimeout: 3000,
      joinRetryMin: 500,
      joinRetryMax: 10_000,
      rejoinInterval: 2000,
      legacyAuditInterval: 30_000,
      hearsayQuota: 10_000,
    });
    expect(options).toMatchObject({
      profile: 'lan',
      seeds: [],
      requestTimeout: 1000,
    });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it.each(['lan', 'wan', 'local'] as const)(
    '%s is valid in itself, and single values replace',
    (profile) => {
      const {
        seeds: _,
        requestTimeout,
        maxPeers,
        probeInterval,
        maxDataBytes,
        limits: _limits,
        ...own
      } = resolveMembershipOptions({ profile });
      expect(resolveMembershipOptions(own)).toMatchObject(own);
      expect(
        resolveMembershipOptions({ profile, gossipFanout: 7 }),
      ).toMatchObject({
        ...own,
        gossipFanout: 7,
      });
      expect([requestTimeout, maxPeers, probeInterval, maxDataBytes]).toEqual([
        1000, 10_000, 1000, 65_536,
      ]);
    },
  );

  it.each([
    [
      { profile: 'moon' },
      'membership.profile: "moon": must be one of "lan", "wan", "local"',
    ],
    [
      { gossipFanout: 1.5 },
      'membership.gossipFanout: 1.5: must be a whole number from 1 to 20',
    ],
    [
      { probeTimeout: '250' },
      'membership.probeTimeout: "250": must be a number from 10 to 60000',
    ],
    [{ fanout: 3 }, 'membership.fanout: 3: there is no such option'],
    [7, 'membership: 7: must be an object'],
  ])('refuses %j and says what to write', (input, message) => {
    expect(() => resolveMembershipOptions(input)).toThrow(message);
  });
});
