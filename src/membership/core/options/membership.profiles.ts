import type { MembershipParameters } from './membership.options.js';

/** Names of the profiles. */
export type MembershipProfileName = 'lan' | 'wan' | 'local';

const lan: MembershipParameters = {
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
};

/**
 * Parameters to start from, as memberlist has them: `lan` for one data centre, `wan` for peers far
 * apart (longer waits, wider gossip), `local` for one machine (nothing is slow, everything at once).
 */
export const MEMBERSHIP_PROFILES: Readonly<
  Record<MembershipProfileName, MembershipParameters>
> = {
  lan,
  wan: {
    ...lan,
    probeTimeout: 1000,
    suspicionMultiplier: 6,
    gossipInterval: 500,
    gossipFanout: 4,
    syncInterval: 30_000,
    joinTimeout: 6000,
    joinRetryMin: 1000,
    rejoinInterval: 5000,
  },
  local: {
    ...lan,
    probeTimeout: 200,
    indirectProbes: 1,
    suspicionMultiplier: 2,
    gossipInterval: 100,
    syncInterval: 5000,
    joinRetryMin: 200,
    joinRetryMax: 5000,
    rejoinInterval: 1000,
  },
};
