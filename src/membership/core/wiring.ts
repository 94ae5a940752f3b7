import { TypedEmitter } from '../../util/typed-emitter.js';
import { CoreLife, type CoreContext } from './context.js';
import { type CoreEventMap, EventPublisher } from './core-events.js';
import {
  Gossiper,
  GossipExtension,
  GossipQueue,
  Newcomers,
  Notifier,
  UpdateIntake,
} from './dissemination/index.js';
import {
  FailureDetector,
  LocalHealth,
  Prober,
  ProbeRing,
  Refutation,
  StallWatch,
  Verifier,
} from './failure-detection/index.js';
import { Healer, Joiner, JoinReceiver, Recovery } from './join/index.js';
import { LegacyCare } from './legacy/index.js';
import {
  ListRoom,
  MemberList,
  SelfRecord,
  Tombstones,
} from './member-list/index.js';
import type {
  MembershipEnvironment,
  SelfDescription,
} from './membership.types.js';
import type { ResolvedMembershipOptions } from './options/membership.options.js';
import { PeerCalls } from './peer-calls.js';
import { StatusAnswerer, StatusCaller } from './status/index.js';
import { Synchronizer } from './sync/index.js';

/*
 * The core's folders, each of which imports those before it only:
 * options, member-list, status, failure-detection, dissemination, sync, join, legacy.
 * What goes the other way are events: all subscriptions are here. The linter holds to the order.
 */

/** Comparisons of lists that follow a stall. */
const SYNCS_AFTER_STALL = 2;

/** All parts of a core. */
export type CoreParts = ReturnType<typeof makeParts>;

/** Makes the parts of a core and puts them together; nothing runs yet. */
export function wire(
  description: SelfDescription,
  options: ResolvedMembershipOptions,
  env: MembershipEnvironment,
): CoreParts {
  const parts = makeParts(description, options, env);
  subscribeToList(parts);
  subscribeToPeers(parts);
  subscribeToSelf(parts);
  return parts;
}

function makeParts(
  description: SelfDescription,
  options: ResolvedMembershipOptions,
  env: MembershipEnvironment,
) {
  const events = new TypedEmitter<CoreEventMap>();
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
    events,
    self: new SelfRecord(events, description, env),
    list: new MemberList(
      events,
      tombstones,
      new ListRoom({ ...options.limits, maxPeers: options.maxPeers }),
      env.shareRecord && ((record) => env.shareRecord!(record)),
    ),
    calls: new PeerCalls(env, events, (timeout) => health.slack(timeout)),
    life: new CoreLife(),
  };
  const queue = new GossipQueue(options.limits.maxGossipQueue);
  const extension = new GossipExtension(ctx, queue);
  const caller = new StatusCaller(ctx, extension);
  const ring = new ProbeRing(env.random);
  const prober = new Prober(ctx, caller, ring, health);
  const detector = new FailureDetector(ctx, ring, prober, health);
  const verifier = new Verifier(ctx, caller, prober);
  const intake = new UpdateIntake(ctx, detector, verifier);
  const notifier = new Notifier(ctx);
  const gossiper = new Gossiper(ctx, queue, ring, caller, notifier);
  const newcomers = new Newcomers(ctx, notifier);
  const synchronizer = new Synchronizer(ctx, intake, ring, gossiper);
  const givenIp = description.ip !== undefined;
  const joiner = new Joiner(ctx, intake, caller, notifier, givenIp);
  const joinReceiver = new JoinReceiver(
    ctx,
    joiner,
    caller,
    notifier,
    newcomers,
    gossiper,
  );
  const healer = new Healer(ctx, caller, joiner, prober);
  const recovery = new Recovery(ctx, caller, joiner, prober, ring);
  const legacyCare = new LegacyCare(ctx, notifier, newcomers, caller, joiner);
  const answerer = new StatusAnswerer(ctx, extension, [prober, legacyCare]);
  return {
    ctx,
    ring,
    health,
    caller,
    detector,
    refutation: new Refutation(ctx, health),
    verifier,
    intake,
    notifier,
    gossiper,
    newcomers,
    synchronizer,
    joiner,
    joinReceiver,
    healer,
    recovery,
    legacyCare,
    answerer,
    stalls: new StallWatch(ctx),
    publisher: new EventPublisher(env.logger, () => ctx.list.size === 0),
  };
}

/** What follows from a change of the list, in this order. */
function subscribeToList(parts: CoreParts): void {
  const { ctx, ring, detector, publisher } = parts;
  const { gossiper, newcomers, legacyCare } = parts;
  const { events, life } = ctx;
  events.on('member.added', (change) => {
    ring.add(change.member.id);
    detector.endSuspicion(change.member.id);
    publisher.added(change);
    if (life.active) {
      gossiper.added(change);
      newcomers.added(change);
      legacyCare.added(change);
    }
  });
  events.on('member.changed', (change) => {
    detector.changed(change);
    publisher.changed(change);
    if (life.active) {
      gossiper.changed(change);
    }
  });
  events.on('member.removed', (change) => {
    ring.remove(change.member.id);
    detector.endSuspicion(change.member.id);
    publisher.removed(change);
    if (life.active) {
      gossiper.removed(change);
      newcomers.removed(change);
      legacyCare.removed(change);
    }
  });
  events.on('suspicion.confirmed', (update, by) =>
    gossiper.suspected(update, by),
  );
}

/** What follows from what other peers say and answer. */
function subscribeToPeers(parts: CoreParts): void {
  const { ctx, detector, intake, synchronizer, gossiper } = parts;
  const { recovery, legacyCare } = parts;
  const { events, list } = ctx;
  events.on('peer.answered', (id) => {
    list.room.unconfirmed.delete(id);
    detector.heard(id);
  });
  events.on('gossip.updates', (items, from) =>
    intake.take(items, from, 'gossip'),
  );
  events.on('gossip.digest', (digest, from) =>
    synchronizer.digest(digest, from),
  );
  events.on('sender.unknown', (id) => recovery.unknownTo(id));
  events.on('self.unlisted', (id) => recovery.unlistedBy(id));
  events.on('legacy.unlisted', (legacy) => void legacyCare.audit(legacy));
  events.on('legacy.doubtful', (id, about) => legacyCare.doubt(id, about));
  events.on('join.accepted', (receiverId, { merged, listed }) => {
    recovery.joined();
    if (merged) {
      // The receiver has no more than this peer's name; the list that came along is for it too.
      synchronizer.now(receiverId);
      gossiper.self();
    }
    synchronizer.soon();
    if (merged) {
      legacyCare.letIn(receiverId, listed);
    }
  });
}

/** What follows from what happens to this peer itself. */
function subscribeToSelf(parts: CoreParts): void {
  const { ctx, stalls, detector, recovery, synchronizer } = parts;
  const { refutation, gossiper } = parts;
  const { events, list, self, env } = ctx;
  // The own record is part of the list's digest.
  list.digest.add(self.id, self.record.digest);
  events.on('self.changed', (now, before) => {
    list.digest.remove(before.id, before.digest);
    list.digest.add(now.id, now.digest);
  });
  events.on('self.claimed', (incarnation, isSuspected, ip) =>
    refutation.claimed(incarnation, isSuspected, ip),
  );
  events.on('self.reached', () => refutation.reached());
  events.on('self.refuted', () => gossiper.self());
  events.on('process.late', (ms) => stalls.late(ms));
  events.on('process.stalled', (ms) => {
    env.logger.debug(`This process stood still for ${Math.round(ms)} ms`);
    detector.stalled(ms);
    recovery.stalled();
    synchronizer.soon(SYNCS_AFTER_STALL);
  });
}
