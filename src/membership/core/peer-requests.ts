import type { JsonObject } from '../../wire/json.js';
import type { PeerInfo } from '../../wire/peer-info.js';
import type { LeftRequest, UpdateRequest } from '../../wire/requests.js';
import { sleep } from './core-context.js';
import type { CoreParts } from './core-parts.js';
import { ForeignUpdateError } from './foreign-update.error.js';
import { accusationNews } from './dissemination/gossip-body.js';
import { changeRecord, isLegacy } from './member-list/member-record.js';
import {
  ADMISSION_WAIT,
  MAX_INCARNATION_LEAD,
} from './options/membership.limits.js';
import type { Member } from './membership.types.js';

/** What members ask of this peer, besides joining and `/status`. */
export class PeerRequests {
  readonly #parts: CoreParts;

  constructor(parts: CoreParts) {
    this.#parts = parts;
  }

  /** PROTOCOL.md, section 1, identity. */
  async admit(senderId: string | undefined): Promise<Member | undefined> {
    if (senderId === undefined) {
      return undefined;
    }
    const { ctx, joiner, verifier } = this.#parts;
    const known = ctx.list.get(senderId);
    if (known) {
      return known;
    }
    const doubtful = ctx.list.isHidden(senderId);
    if (!doubtful && !joiner.isBusy) {
      return undefined;
    }
    const settled = doubtful ? verifier.settled(senderId) : joiner.whenIdle();
    await Promise.race([settled, sleep(ctx, ADMISSION_WAIT)]);
    return ctx.list.get(senderId);
  }

  /** `/joined`: what a legacy peer says about extensions of a third one is hearsay. */
  joined(peer: PeerInfo, sender: Member): void {
    const { ctx, intake } = this.#parts;
    if (peer.id === ctx.self.id) {
      return;
    }
    intake.record(
      peer,
      { origin: 'joined', from: sender.id, legacyTold: true },
      isLegacy(sender) && peer.id !== sender.id,
    );
  }

  /**
   * `/left`: final from the member itself; from others it is obeyed at once and then verified, as often
   * as one reporter may make this peer do so.
   */
  left({ id }: LeftRequest, sender: Member): void {
    const { ctx, recovery, verifier, legacyCare, reports } = this.#parts;
    if (id === ctx.self.id) {
      recovery.evicted(sender);
      return;
    }
    if (id === sender.id) {
      const { incarnation } = ctx.list.peek(id) ?? sender;
      ctx.list.accuse(
        { id, incarnation, state: 'left' },
        { origin: 'left', from: id },
      );
      return;
    }
    legacyCare.told(sender, id);
    if (!ctx.list.peek(id) || !reports.take(sender.id)) {
      return;
    }
    verifier.departed(id, (isAlive) => {
      if (isAlive) {
        this.#standUpFor(id, sender);
      }
      if (isAlive) {
        legacyCare.wrongly(sender.id, id);
      }
    });
  }

  /** `/update`: a peer replaces its own data, nobody else's. */
  update({ id, data, incarnation }: UpdateRequest, sender: Member): void {
    if (id !== sender.id) {
      throw new ForeignUpdateError(sender.id, id);
    }
    const { ctx, caller } = this.#parts;
    const known = ctx.list.peek(id);
    if (!known) {
      return;
    }
    if (ctx.env.verifyRecord && !isLegacy(known)) {
      // This request has no signature of the record; the member's own record in its next answer has.
      void caller.ask(known, ctx.options.requestTimeout);
      return;
    }
    // A legacy peer counts nothing; everybody it tells counts the same way.
    const version = incarnation ?? known.incarnation + 1;
    if (version > ctx.env.clock.now() + MAX_INCARNATION_LEAD) {
      return;
    }
    ctx.list.apply(
      changeRecord(known, { data, incarnation: version, state: 'alive' }),
      {
        origin: 'update',
        from: id,
        legacyTold: true,
      },
    );
  }

  /** `/sync`. */
  sync(body: JsonObject, sender: Member): JsonObject {
    const { ctx, synchronizer } = this.#parts;
    const known = ctx.list.peek(sender.id);
    return known ? synchronizer.receive(body, known) : {};
  }

  /** The one that was said to have left hears of it, so that it can contradict to everybody. */
  #standUpFor(id: string, sender: Member): void {
    const { ctx, caller } = this.#parts;
    const member = ctx.list.peek(id);
    if (!member || isLegacy(member) || isLegacy(sender)) {
      return;
    }
    const { incarnation } = member;
    void caller.ask(member, ctx.options.requestTimeout, undefined, [
      accusationNews({ id, incarnation, state: 'dead' }),
    ]);
  }
}
