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
import type { PeerSeed } from '../../../options/peer-list.js';

/*
 * Bounds on what others can make the core hold or do, and the fixed times of the wire. What a user may
 * have a reason to change is in MembershipOptions below, and in limits.options.ts, instead.
 */

/** Ms for the check of a joiner: the original gives its whole join one second (PROTOCOL.md, section 2). */
export const JOIN_CHECK_TIMEOUT = 500;

/**
 * Ms from the start of a joiner's check until it hears that it has failed: longer than the longest
 * check, short of the 1 s that the original waits.
 */
export const JOIN_REFUSAL_TIME = JOIN_CHECK_TIMEOUT * 1.2;

/**
 * Names of joiners that wait to be looked up, one after the other; and how many joins from one address may
 * have this peer look up a name within a minute.
 */
export const MAX_WAITING_LOOKUPS = 64;
export const LOOKUPS_PER_MINUTE = 30;

/** Ms for which the answer to a join waits for the others to hear of it (PROTOCOL.md, section 2). */
export const JOIN_BROADCAST_WAIT = 250;

/** Ms for which requests of unknown senders wait for the own join (PROTOCOL.md, section 1, identity). */
export const ADMISSION_WAIT = 1000;

/** Ms for which a member that answered a join passes later updates on to that newcomer. */
export const NEWCOMER_PERIOD = 5000;

/** Newcomers that updates are passed on to. */
export const MAX_NEWCOMERS = 256;

/** Members that are notified directly at the same moment. */
export const MAX_CONCURRENT_NOTIFICATIONS = 128;

/** Indirect checks for others at the same moment. */
export const MAX_INDIRECT_PROBES = 32;

/** Updates in one body, and bytes of such a body as JSON (PROTOCOL.md, section 4, `gossip`). */
export const MAX_GOSSIP_ITEMS = 32;
export const MAX_GOSSIP_BYTES = 64 * 1024;

/** Bytes of the updates alone: the rest of the extension part needs some too. */
export const MAX_UPDATES_BYTES = MAX_GOSSIP_BYTES - 1024;

/** Bytes of one body of `/sync`; what does not fit comes with the next one. */
export const MAX_SYNC_BYTES = 512 * 1024;

/** Bytes that an entry of the answer to a join takes, without data. */
export const ENTRY_BYTES = 200;

/**
 * Bytes of the body of a control request, and of every other answer: a full body of `/sync`, and the ends
 * that contradict as many records. What an application's messages may have has nothing to do with it.
 */
export const MAX_CONTROL_BYTES = 2 * MAX_SYNC_BYTES;

/** Features of one record, and characters of one feature's name and of a cloud's name. */
export const MAX_FEATURES = 16;
export const MAX_FEATURE_LENGTH = 32;
export const MAX_CLOUD_LENGTH = 128;

/** Characters of a record's signature. */
export const MAX_SIGNATURE_LENGTH = 1024;

/** Ms for which a member that left by itself is remembered: as long as old updates may travel. */
export const LEFT_MEMORY = 10 * 60_000;

const HOUR = 3_600_000;

/**
 * Ms by which an incarnation may lie ahead, by who names it (PROTOCOL.md, section 4). A member has to rise
 * above whatever others believe of it, and to be believed then, by peers with other clocks as well: so each
 * is an hour more than the one before.
 */
export const MAX_LEADS = {
  /** That another one is suspected, dead or gone. */
  accusation: 21 * HOUR,
  /** What one member says of another. */
  hearsay: 22 * HOUR,
  /** What this peer itself rises above. */
  raise: 23 * HOUR,
  /** What a member says of itself. */
  ownWord: 24 * HOUR,
};

/** Members for which the quotas of what they say of others are counted. */
export const MAX_REPORTERS = 1024;

/** Repairs of legacy members' lists that wait, and that are remembered; how many one request asks for. */
export const MAX_LEGACY_REPAIRS = 1024;
export const MAX_REPAIRS_IN_BODY = 32;

/**
 * Ends of which a peer that takes over a legacy member notifies it again: so many, and those of so many
 * ms. Longer than a dead member may stay a suspect.
 */
export const MAX_INHERITED_ENDS = 256;
export const INHERITED_PERIOD = 2 * 60_000;

/** Addresses behind one name that are tried, and seeds of one source. */
export const MAX_ADDRESSES_PER_NAME = 512;

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
  /** Peers to join through; `ip` may be a name. A source says which when it is asked. */
  readonly seeds: readonly PeerSeed[];
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
