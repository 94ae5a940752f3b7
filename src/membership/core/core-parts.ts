import { CoreLife, type CoreContext } from './core-context.js';
import { EndCheck } from './end-check.js';
import { FailureDetector } from './failure-detector.js';
import { GossipExtension } from './gossip-extension.js';
import { GossipQueue } from './gossip-queue.js';
import { Gossiper } from './gossiper.js';
import { Healer } from './healer.js';
import { HearsayCheck } from './hearsay-check.js';
import { ReporterQuota } from './reporter-quota.js';
import { JoinAdmission } from './join-admission.js';
import { JoinCall } from './join-call.js';
import { JoinCheck } from './join-check.js';
import { JoinReceiver } from './join-receiver.js';
import { Joiner } from './joiner.js';
import { LegacyCare } from './legacy-care.js';
import { ListRoom } from './list-room.js';
import { LocalHealth } from './local-health.js';
import { MemberEvents } from './member-events.js';
import { MemberList } from './member-list.js';
import type { ResolvedMembershipOptions } from './membership.options.js';
import type {
  MembershipEnvironment,
  SelfDescription,
} from './membership.types.js';
import { Newcomers } from './newcomers.js';
import { NewsIntake } from './news-intake.js';
import { NewsSpreader } from './news-spreader.js';
import { PeerCalls } from './peer-calls.js';
import { ProbeRing } from './probe-ring.js';
import { Prober } from './prober.js';
import { Recovery } from './recovery.js';
import { RoundTrips } from './round-trips.js';
import { SelfRecord } from './self-record.js';
import { StallWatch } from './stall-watch.js';
import { StatusAnswerer } from './status-answerer.js';
import { StatusCaller } from './status-caller.js';
import { SuspicionWatch } from './suspicion-watch.js';
import { Synchronizer } from './synchronizer.js';
import { Teller } from './teller.js';
import { Tombstones } from './tombstones.js';
import { Verifier } from './verifier.js';

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
  const quota = new ReporterQuota(options.hearsayQuota, env.clock);
  const reports = new ReporterQuota(options.limits.reportsPerMinute, env.clock);
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
