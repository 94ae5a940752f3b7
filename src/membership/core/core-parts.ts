import { TokenBuckets } from '../../util/token-buckets.js';
import { CoreLife, type CoreContext } from './core-context.js';
import { EndCheck } from './failure-detection/end-check.js';
import { FailureDetector } from './failure-detection/failure-detector.js';
import { GossipExtension } from './dissemination/gossip-extension.js';
import { GossipQueue } from './dissemination/gossip-queue.js';
import { Gossiper } from './dissemination/gossiper.js';
import { Healer } from './join/healer.js';
import { HearsayCheck } from './failure-detection/hearsay-check.js';
import { JoinAdmission } from './join/join-admission.js';
import { JoinCall } from './join/join-call.js';
import { JoinCheck } from './join/join-check.js';
import { JoinReceiver } from './join/join-receiver.js';
import { Joiner } from './join/joiner.js';
import { LegacyCare } from './legacy/legacy-care.js';
import { ListRoom } from './member-list/list-room.js';
import { LocalHealth } from './failure-detection/local-health.js';
import { MemberEvents } from './member-events.js';
import { MemberList } from './member-list/member-list.js';
import { MAX_REPORTERS } from './options/membership.limits.js';
import type { ResolvedMembershipOptions } from './options/membership.options.js';
import type {
  MembershipEnvironment,
  SelfDescription,
} from './membership.types.js';
import { Newcomers } from './dissemination/newcomers.js';
import { NewsIntake } from './dissemination/news-intake.js';
import { NewsSpreader } from './dissemination/news-spreader.js';
import { PeerCalls } from './peer-calls.js';
import { ProbeRing } from './failure-detection/probe-ring.js';
import { Prober } from './failure-detection/prober.js';
import { Recovery } from './join/recovery.js';
import { RoundTrips } from './failure-detection/round-trips.js';
import { SelfRecord } from './member-list/self-record.js';
import { StallWatch } from './failure-detection/stall-watch.js';
import { StatusAnswerer } from './status/status-answerer.js';
import { StatusCaller } from './status/status-caller.js';
import { SuspicionWatch } from './failure-detection/suspicion-watch.js';
import { Synchronizer } from './sync/synchronizer.js';
import { Teller } from './dissemination/teller.js';
import { Tombstones } from './member-list/tombstones.js';
import { Verifier } from './failure-detection/verifier.js';

/** Longest that a check may take, in probe timeouts. */
const MAX_PROBE_FACTOR = 8;

/** All parts of a core, made and put together. */
export type CoreParts = ReturnType<typeof makeParts>;

/** Makes the parts and wires them; nothing runs yet. */
export function makeParts(
  description: SelfDescription,
  options: ResolvedMembershipOptions,
  env: MembershipEnvironment,
) {
  const tombstones = new Tombstones(
    env.clock,
    options.deadMemoryHours * 3_600_000,
    options.limits.maxTombstones,
  );
  const health = new LocalHealth(
    options.maxLocalHealth,
    () => env.eventLoopDelay(),
    env.clock,
  );
  const ctx: CoreContext = {
    env,
    options,
    self: new SelfRecord(description, env),
    list: new MemberList(
      tombstones,
      new ListRoom({ ...options.limits, maxPeers: options.maxPeers }),
      env.shareRecord && ((record) => env.shareRecord!(record)),
    ),
    calls: new PeerCalls(env, (timeout) => health.slack(timeout)),
    life: new CoreLife(),
  };
  const ring = new ProbeRing(env.random);
  const queue = new GossipQueue(options.limits.maxGossipQueue);
  const roundTrips = new RoundTrips(
    options.probeTimeout,
    options.probeTimeout * MAX_PROBE_FACTOR,
  );
  const extension = new GossipExtension(ctx, queue);
  const caller = new StatusCaller(ctx, extension);
  const prober = new Prober(ctx, caller, ring, roundTrips, health);
  const suspicions = new SuspicionWatch(ctx);
  const detector = new FailureDetector(ctx, ring, prober, suspicions, health);
  const verifier = new Verifier(ctx, caller, prober);
  const perReporter = {
    now: () => env.clock.monotonic(),
    maxKeys: MAX_REPORTERS,
  };
  const quota = new TokenBuckets(options.hearsayQuota, perReporter);
  const reports = new TokenBuckets(
    options.limits.reportsPerMinute,
    perReporter,
  );
  const endCheck = new EndCheck(ctx, prober);
  const hearsayCheck = new HearsayCheck(ctx, detector);
  const intake = new NewsIntake(ctx, detector, verifier, endCheck, quota);
  const gossiper = new Gossiper(ctx, queue, ring, caller);
  const teller = new Teller(ctx);
  const spreader = new NewsSpreader(ctx, gossiper, teller);
  const newcomers = new Newcomers(ctx, teller);
  const joinCheck = new JoinCheck(ctx, caller);
  const admission = new JoinAdmission(ctx, caller, teller, newcomers, spreader);
  const joinReceiver = new JoinReceiver(ctx, joinCheck, admission);
  const joinCall = new JoinCall(
    ctx,
    intake,
    caller,
    teller,
    description.ip !== undefined,
  );
  const joiner = new Joiner(ctx, joinCall, caller);
  const synchronizer = new Synchronizer(ctx, intake, ring, gossiper);
  const healer = new Healer(ctx, caller, joiner, prober);
  const recovery = new Recovery(ctx, caller, joiner, prober, ring);
  const legacyCare = new LegacyCare(ctx, teller, caller, joiner);
  const answerer = new StatusAnswerer(ctx, extension, prober, legacyCare);
  const stalls = new StallWatch(ctx);
  const events = new MemberEvents(env.logger, () => ctx.list.size === 0);
  const parts = {
    ctx,
    ring,
    queue,
    health,
    extension,
    caller,
    prober,
    suspicions,
    detector,
    hearsayCheck,
    reports,
    verifier,
    intake,
    gossiper,
    teller,
    spreader,
    newcomers,
    joinReceiver,
    joinCall,
    joiner,
    synchronizer,
    healer,
    recovery,
    legacyCare,
    answerer,
    stalls,
    events,
  };
  return parts;
}
