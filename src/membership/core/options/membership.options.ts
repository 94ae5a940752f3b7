import { readSection } from '../../../options/read-section.js';
import {
  LIMITS,
  MEMBERSHIP,
  MEMBERSHIP_PROFILES,
  PEER_CLOUD,
} from '../../../options/option-tables.js';
import {
  type ResolvedLimitOptions,
  resolveLimitOptions,
} from '../../../options/limits.options.js';
import type { PeerAddress } from '../../../wire/peer-info.js';

/**
 * How members are judged and how updates spread. Start from a profile and change single values only with
 * a reason: they are tuned together (docs/membership.md has the figures).
 */
export interface MembershipOptions {
  /**
   * Values to start from. `lan`: one data centre or region. `wan`: peers far apart or on bad lines, slower
   * to judge. `local`: one machine, quick to judge, for development and tests.
   *
   * @defaultValue `lan`
   */
  profile?: MembershipProfileName | undefined;
  /**
   * Ms of a direct check before it counts as missed, while the network is quick; it grows by itself with
   * the round trips that are seen. Shorter finds crashes sooner and suspects slow members more often.
   *
   * @defaultValue 250 ms
   */
  probeTimeout?: number | undefined;
  /**
   * Direct checks in a row before others are asked to help. A second one makes false suspicions ten times
   * rarer at 5 % loss, and costs one probe timeout when a member is really gone.
   *
   * @defaultValue 2
   */
  probeTries?: number | undefined;
  /**
   * Members that are asked to check one that is silent. More tell a broken path from a dead member more
   * surely, at as many requests for each silent member and period.
   *
   * @defaultValue 3
   */
  indirectProbes?: number | undefined;
  /**
   * A suspect has `suspicionMultiplier · log10(N)` probe intervals (never less than the multiplier) to
   * contradict, once enough others confirm. Above ten peers the last check comes later by chance, by the
   * amount at most by which that is more than the multiplier. Higher forgives longer stalls and keeps dead
   * members longer.
   *
   * @defaultValue 4
   */
  suspicionMultiplier?: number | undefined;
  /**
   * Without confirmations a suspect has this many times longer. Higher protects against members that
   * suspect others because they are slow themselves; lower finds dead members sooner in a cloud that loses packets.
   *
   * @defaultValue 6
   */
  suspicionMaxFactor?: number | undefined;
  /**
   * Independent confirmations that bring a suspicion down to its shortest. Fewer lets a few slow members
   * decide; more makes detection wait.
   *
   * @defaultValue 3
   */
  suspicionConfirmations?: number | undefined;
  /**
   * How far a peer that is itself slow stretches its own timeouts: at most 1 + this many times. 0 trusts
   * oneself always.
   *
   * @defaultValue 8
   */
  maxLocalHealth?: number | undefined;
  /**
   * Up to this many members, everybody is notified of joins and leaves at once by `/joined` and `/left`;
   * above, updates travel by gossip. Higher is quicker in middling clouds and lets one join cost one peer
   * as many requests.
   *
   * @defaultValue 32
   */
  directThreshold?: number | undefined;
  /**
   * Ms between two rounds of gossip, which run only while there are updates. Shorter spreads sooner and costs
   * more requests under churn.
   *
   * @defaultValue 200 ms
   */
  gossipInterval?: number | undefined;
  /**
   * Members that each round of gossip goes to. More spreads sooner, at as many requests.
   *
   * @defaultValue 3
   */
  gossipFanout?: number | undefined;
  /**
   * Each update is sent `gossipMultiplier · log10(N + 1)` times, `gossipMinSends` at least. Higher
   * survives more loss and keeps the gossip running longer.
   *
   * @defaultValue 4
   */
  gossipMultiplier?: number | undefined;
  /**
   * Fewest times that an update is sent. 12 reach all at 25 % loss.
   *
   * @defaultValue 12
   */
  gossipMinSends?: number | undefined;
  /**
   * Ms between two comparisons of whole lists that a persisting difference may cause. Shorter repairs lost
   * updates sooner; under churn lists always differ a little, so it is also the price.
   *
   * @defaultValue 10,000 ms
   */
  syncInterval?: number | undefined;
  /**
   * Times that the dead and the seeds (the option `peers`) are dialled again, for the whole cloud and probe
   * interval. 0 never heals a partition.
   *
   * @defaultValue 3
   */
  redialRate?: number | undefined;
  /**
   * Hours for which a member that died is dialled again now and then.
   *
   * @defaultValue 24 hours
   */
  deadMemoryHours?: number | undefined;
  /**
   * Ms that one's own `/join` may take, for each seed tried: the receiver calls back and notifies the
   * others before it answers. Without a value it is three times `requestTimeout`, six times in the profile
   * `wan`.
   *
   * @defaultValue 3000 ms
   */
  joinTimeout?: number | undefined;
  /**
   * Ms until a join that nobody accepted is tried again; the wait doubles each time.
   *
   * @defaultValue 500 ms
   */
  joinRetryMin?: number | undefined;
  /**
   * Where the wait in ms between two tries to join stops growing; each is by chance half as long to half
   * as long again.
   *
   * @defaultValue 10,000 ms
   */
  joinRetryMax?: number | undefined;
  /**
   * Shortest time in ms between two attempts to get back in by a peer that finds itself evicted; an
   * attempt sends six joins at most, and one where that is answered. Shorter is back sooner; longer keeps
   * a peer that others cannot reach from calling all the time.
   *
   * @defaultValue 2000 ms
   */
  rejoinInterval?: number | undefined;
  /**
   * Ms between two checks by one peer that a legacy member still lists it (longer in clouds of more than
   * 30, in proportion), and between two renewals of what a legacy member lists of others of its kind.
   * Shorter repairs the lists of legacy members sooner, at one small request for each check and two for
   * each renewal, between which these two legacy members do not know each other.
   *
   * @defaultValue 30,000 ms
   */
  legacyAuditInterval?: number | undefined;
  /**
   * New members that one other member may name within a minute (hearsay, until they are confirmed). It
   * bounds what a single liar can put on
   * the list; it must not be smaller than the cloud.
   *
   * @defaultValue 10,000
   */
  hearsayQuota?: number | undefined;
}

/** MembershipOptions, complete. */
export type MembershipParameters = {
  readonly [K in keyof MembershipOptions]-?: NonNullable<MembershipOptions[K]>;
};

/** Complete options of the membership core. */
export interface ResolvedMembershipOptions extends MembershipParameters {
  /** Peers to join through; `ip` may be a name. */
  readonly seeds: readonly PeerAddress[];
  /** Ms for one control request. */
  readonly requestTimeout: number;
  /** Most other members on the list. */
  readonly maxPeers: number;
  /** Ms between two ticks, as the schedule of the checks has it. */
  readonly probeInterval: number;
  /** Bytes of a member's `data` as JSON; a record with more is left out. */
  readonly maxDataBytes: number;
  /** Bounds on what others can make this peer hold or do. */
  readonly limits: ResolvedLimitOptions;
}

/** Names of the profiles. */
export type MembershipProfileName = 'lan' | 'wan' | 'local';

/** Ms of a request, as the profiles have it. */
const REQUEST_TIMEOUT = PEER_CLOUD.requestTimeout.default;

/**
 * Completes the section `membership`. Seeds, timeouts and limits that stand elsewhere in the options
 * have their defaults here; the caller replaces them.
 *
 * @throws OptionsError that names the option
 */
export function resolveMembershipOptions(
  input?: unknown,
  path = 'membership',
  requestTimeout: number = REQUEST_TIMEOUT,
): ResolvedMembershipOptions {
  const { profile } = readSection(input, path, MEMBERSHIP);
  const changes = MEMBERSHIP_PROFILES[profile];
  const { min, max, default: lan } = MEMBERSHIP.joinTimeout;
  const joinTimeout = { joinTimeout: lan, ...changes }.joinTimeout;
  const share = joinTimeout * (requestTimeout / REQUEST_TIMEOUT);
  return Object.freeze({
    ...readSection(input, path, MEMBERSHIP, {
      ...changes,
      joinTimeout: Math.min(max, Math.max(min, share)),
    }),
    seeds: [],
    requestTimeout,
    maxPeers: PEER_CLOUD.maxPeers.default,
    probeInterval: 1000,
    maxDataBytes: LIMITS.maxDataBytes.default,
    limits: resolveLimitOptions({}, 'limits'),
  });
}
