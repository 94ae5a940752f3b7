import type { CoreContext } from '../core-context.js';
import { accusationNews, recordNews } from './gossip-body.js';
import type { Gossiper } from './gossiper.js';
import type { MemberChange } from '../member-list/member-change.js';
import type { Accusation } from '../member-list/member-list.js';
import type { Teller } from './teller.js';

/** Sees to it that what this peer comes to know reaches the others. */
export class NewsSpreader {
  readonly #ctx: CoreContext;
  readonly #gossiper: Gossiper;
  readonly #teller: Teller;

  constructor(ctx: CoreContext, gossiper: Gossiper, teller: Teller) {
    this.#ctx = ctx;
    this.#gossiper = gossiper;
    this.#teller = teller;
  }

  /** The list has changed. */
  changed(change: MemberChange): void {
    const { source, member } = change;
    if (source.quiet) {
      return;
    }
    if (change.kind === 'removed') {
      this.#ended(change);
    } else if (member.state === 'suspect') {
      this.suspected(member, source.accuser ?? this.#ctx.self.id);
    } else if (
      change.kind === 'added' ||
      member.incarnation > change.previous.incarnation
    ) {
      const news = recordNews(member, source.legacyTold === true);
      this.#gossiper.spread(member.id, news, this.#isUrgent(change));
    }
  }

  /** A suspicion, or somebody's confirmation of one, is new. */
  suspected(
    { id, incarnation }: Pick<Accusation, 'id' | 'incarnation'>,
    by: string,
  ): void {
    this.#gossiper.spread(
      id,
      accusationNews({ id, incarnation, state: 'suspect' }, by),
      true,
    );
  }

  /** A member's join did not reach everybody who was told directly: news is told once more. */
  again(id: string): void {
    const member = this.#ctx.list.peek(id);
    if (member) {
      this.#gossiper.spread(
        id,
        recordNews(member, true),
        !this.#teller.isDirect,
      );
    }
  }

  /** This peer's own record has changed. */
  self(urgent = true): void {
    const { record } = this.#ctx.self;
    if (this.#ctx.list.size > 0) {
      this.#gossiper.spread(record.id, recordNews(record, true), urgent);
    }
  }

  #ended({
    member: { id, incarnation, state },
    source,
  }: MemberChange & { kind: 'removed' }): void {
    const ended: Accusation = {
      id,
      incarnation,
      state: state === 'left' ? 'left' : 'dead',
    };
    const toldByItself = source.origin === 'left' && source.from === id;
    this.#gossiper.spread(
      id,
      accusationNews(ended),
      !(toldByItself && this.#teller.isDirect),
    );
    if (source.origin === 'check' && this.#teller.isDirect) {
      this.#tellEnd(id);
    }
  }

  /** Legacy members hear of it from the one of us that looks after them. */
  #tellEnd(id: string): void {
    for (const member of this.#teller.audience(id)) {
      if (member.features.length > 0) {
        void this.#teller.left(member, id);
      }
    }
  }

  /** What everybody was told directly only has to reach those who missed it, and may ride along. */
  #isUrgent({ source }: MemberChange): boolean {
    const toldDirectly =
      source.origin === 'join' ||
      source.origin === 'joined' ||
      source.origin === 'update';
    return !(toldDirectly && this.#teller.isDirect);
  }
}
