import type { CoreParts } from './core-parts.js';

/** Comparisons of lists that follow a stall. */
const SYNCS_AFTER_STALL = 2;

/** Who hears of what: the connections between the parts that go against the order of their making. */
export function connectParts(parts: CoreParts): void {
  connectSelf(parts);
  connectList(parts);
  connectNetwork(parts);
  connectJudgement(parts);
}

/** The own record is part of the list's digest. */
function connectSelf({ ctx }: CoreParts): void {
  const { digest } = ctx.list;
  digest.add(ctx.self.id, ctx.self.record.digest);
  ctx.self.onChange((now, before) => {
    digest.remove(before.id, before.digest);
    digest.add(now.id, now.digest);
  });
}

/** What follows from a change of the list, in this order. */
function connectList(parts: CoreParts): void {
  const { ctx, ring, detector, events, spreader, newcomers, legacyCare } =
    parts;
  ctx.list.onChange((change) => {
    if (change.kind === 'added') {
      ring.add(change.member.id);
    }
    if (change.kind === 'removed') {
      ring.remove(change.member.id);
    }
    detector.changed(change);
    events.changed(change);
    if (!ctx.life.active) {
      return;
    }
    spreader.changed(change);
    newcomers.changed(change);
    legacyCare.changed(change);
  });
}

function connectNetwork(parts: CoreParts): void {
  const {
    ctx,
    extension,
    intake,
    synchronizer,
    detector,
    recovery,
    caller,
    teller,
  } = parts;
  const { joiner, joinReceiver, joinCall, legacyCare, spreader, newcomers } =
    parts;
  extension.sink = {
    news: (items, from) => intake.take(items, from, 'gossip'),
    self: (incarnation, ip) => intake.onSelf(incarnation, false, ip),
    digest: (text, from) => synchronizer.digest(text, from),
  };
  ctx.calls.observer = {
    heard: (id) => {
      ctx.list.room.hearsay.delete(id);
      detector.heard(id);
    },
    unknownTo: (id) => recovery.stranger(id),
  };
  caller.onStranger = (id) => recovery.unlisted(id);
  recovery.onLegacyStranger = (member) => void legacyCare.audit(member);
  teller.onUnlisted = (member) => void legacyCare.audit(member);
  teller.onUntold = ({ id }, about) => legacyCare.doubt(id, about);
  newcomers.onDoubt = (id, about) => legacyCare.doubt(id, about);
  joinReceiver.onOwnId = (request) => joiner.receivedOwnId(request);
  joinCall.onJoined = (receiverId, { merged, listed }) => {
    recovery.joined();
    // The receiver has no more than this peer's name; the list that came along is for it too.
    if (merged) {
      synchronizer.now(receiverId);
    }
    if (merged) {
      spreader.self();
    }
    synchronizer.soon();
    if (merged) {
      legacyCare.letIn(receiverId, listed);
    }
  };
}

function connectJudgement(parts: CoreParts): void {
  const {
    ctx,
    intake,
    spreader,
    health,
    prober,
    suspicions,
    stalls,
    detector,
    recovery,
    synchronizer,
  } = parts;
  intake.onSelf = (incarnation, isAccused, ip) => {
    const { self, life } = ctx;
    if (!self.hasAddress && ip !== undefined) {
      self.adopt(self.id, ip);
    }
    const mustRise = isAccused
      ? incarnation >= self.incarnation
      : incarnation > self.incarnation;
    if (!mustRise || !life.active || !self.raise(incarnation)) {
      return;
    }
    if (isAccused) {
      health.note(1);
    }
    spreader.self();
  };
  detector.onConfirmed = (accusation, by) => spreader.suspected(accusation, by);
  prober.onLate = (ms) => stalls.late(ms);
  suspicions.onLate = (ms) => stalls.late(ms);
  stalls.onStall = (ms) => {
    ctx.env.logger.debug(`This process stood still for ${Math.round(ms)} ms`);
    detector.stalled(ms);
    recovery.stalled();
    synchronizer.soon(SYNCS_AFTER_STALL);
  };
}
