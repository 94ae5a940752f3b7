import { formatAddress, sameAddress } from '../../../wire/address.js';
import type { JsonValue } from '../../../wire/json.js';
import type { PeerAddress, PeerInfo } from '../../../wire/peer-info.js';
import type { CoreContext } from '../core-context.js';
import { joinBody, readJoinAnswer, type ReadJoinAnswer } from './join-body.js';
import type { NewsSource } from '../member-list/member-change.js';
import { makeRecord } from '../member-list/member-record.js';
import type { NewsIntake } from '../dissemination/news-intake.js';
import { successOf } from '../peer-calls.js';
import { readPeerInfo } from '../member-list/record-reader.js';
import type { StatusCaller } from '../status/status-caller.js';
import type { Teller } from '../dissemination/teller.js';

/** What became of a request to join. `self`: this peer met itself. */
export type JoinOutcome = 'joined' | 'refused' | 'failed' | 'self';

/** How often an address behind which several peers may answer is asked for the one that let this peer in. */
const RECEIVER_TRIES = 3;

/** One `/join`, and what follows from its answer. */
export class JoinCall {
  /**
   * Called after each success. `merged`: this peer had members before, so two clouds may have met.
   * `listed`: the members that its answer names.
   */
  onJoined: (
    receiverId: string,
    how: { merged: boolean; listed: readonly PeerInfo[] },
  ) => void = () => {};

  readonly #ctx: CoreContext;
  readonly #intake: NewsIntake;
  readonly #caller: StatusCaller;
  readonly #teller: Teller;
  readonly #givenIp: boolean;

  constructor(
    ctx: CoreContext,
    intake: NewsIntake,
    caller: StatusCaller,
    teller: Teller,
    givenIp: boolean,
  ) {
    this.#ctx = ctx;
    this.#intake = intake;
    this.#caller = caller;
    this.#teller = teller;
    this.#givenIp = givenIp;
  }

  /** @param patience how many times the usual the answer may take */
  async send(address: PeerAddress, patience = 1): Promise<JoinOutcome> {
    const { calls, options, self, env } = this.#ctx;
    const place = formatAddress(address);
    env.logger.debug(`Joining through ${place}`);
    const result = await calls.call(
      address,
      'join',
      joinBody(self.record, this.#givenIp),
      options.joinTimeout * patience,
      { maxAnswerBytes: options.limits.maxAnswerBytes },
    );
    const success = successOf(result);
    if (!success) {
      if (result.kind === 'answered') {
        this.#log(place, `status ${result.status}`);
      }
      return 'failed';
    }
    const answer = readJoinAnswer(success.body, address, options.maxDataBytes);
    if (!answer) {
      this.#log(place, 'its answer makes no sense');
      return 'failed';
    }
    if ('refusal' in answer) {
      this.#log(place, answer.refusal);
      return 'refused';
    }
    if (!this.#ctx.life.active) {
      await this.#decline(answer, address);
      return 'failed';
    }
    return this.#accept(answer, address);
  }

  async #accept(
    answer: ReadJoinAnswer,
    address: PeerAddress,
  ): Promise<JoinOutcome> {
    const { self, list, env } = this.#ctx;
    if ((answer.self.cloud ?? '') !== self.cloud) {
      // A legacy peer knows no cloud names and has let this peer in already.
      await this.#decline(answer, address);
      this.#log(
        formatAddress(address),
        'it belongs to a cloud of another name',
      );
      return 'refused';
    }
    const merged = list.size > 0;
    if (!this.#isCredible(answer)) {
      this.#log(formatAddress(address), 'it gave this peer the id of another');
      return 'failed';
    }
    self.adopt(answer.id, answer.ip);
    const source: NewsSource = {
      origin: 'answer',
      // Who comes in believes those whom it asked; who is in takes it for what a member says.
      ...(merged && { from: answer.self.id }),
      toldAt: address.ip,
      quiet: !merged,
      legacyTold: !merged,
    };
    await this.#addReceiver(answer, address, source);
    const peers = this.#readPeers(answer.peers);
    for (const info of peers) {
      this.#intake.record(info, source, !answer.self.features);
    }
    env.logger.debug(
      `Let in by ${answer.self.id} at ${formatAddress(address)}, ${list.size} members known`,
    );
    this.onJoined(answer.self.id, { merged, listed: peers });
    return 'joined';
  }

  /** Says goodbye where this peer was let in and will not stay: to all who may have heard of it. */
  async #decline(answer: ReadJoinAnswer, address: PeerAddress): Promise<void> {
    const { self: receiver, selfHasAddress } = answer;
    const called: PeerInfo = { ...receiver, ...address };
    const others = this.#readPeers(answer.peers).filter((info) =>
      this.#ctx.env.allows(info, { remoteAddress: address.ip }),
    );
    await Promise.all(
      [selfHasAddress ? receiver : called, ...others].map((info) =>
        this.#teller.left(makeRecord(info, 'alive'), answer.id),
      ),
    );
  }

  /**
   * A newcomer takes the id that it is given, unless its own is fixed; a member of a cloud is known by the
   * one that it has.
   */
  #isCredible({ id, self: receiver }: ReadJoinAnswer): boolean {
    const { self, list } = this.#ctx;
    if (id === self.id) {
      return true;
    }
    return !self.hasFixedId && id !== receiver.id && list.size === 0;
  }

  #readPeers(peers: readonly JsonValue[]): PeerInfo[] {
    const { maxPeers, maxDataBytes } = this.#ctx.options;
    return peers.slice(0, maxPeers).flatMap((entry) => {
      return readPeerInfo(entry, maxDataBytes) ?? [];
    });
  }

  /**
   * The receiver under the address that it names, else under the one that was called, if it is the
   * receiver who answers there: behind a name may be a load balancer (PROTOCOL.md, section 2), and
   * whoever lies would put itself, or nobody, in the place of a member.
   */
  async #addReceiver(
    { self: receiver, selfHasAddress }: ReadJoinAnswer,
    address: PeerAddress,
    source: NewsSource,
  ): Promise<void> {
    const called: PeerInfo = { ...receiver, ...address };
    const isElsewhere = selfHasAddress && !sameAddress(receiver, address);
    for (const place of isElsewhere ? [receiver, called] : [called]) {
      if (await this.#isAt(place, address)) {
        this.#intake.record(place, { ...source, verified: true });
        return;
      }
    }
    this.#ctx.env.logger.debug(
      `${receiver.id} does not answer at ${formatAddress(receiver)}: not added`,
    );
  }

  async #isAt(receiver: PeerInfo, called: PeerAddress): Promise<boolean> {
    const { env, options } = this.#ctx;
    if (!env.allows(receiver, { remoteAddress: called.ip })) {
      return false;
    }
    for (let tries = 0; tries < RECEIVER_TRIES; tries++) {
      const reply = await this.#caller.askAddress(
        receiver,
        options.requestTimeout,
        receiver.id,
      );
      if (reply.kind === 'online') {
        return true;
      }
    }
    return false;
  }

  #log(place: string, reason: string): void {
    this.#ctx.env.logger.log(`${place} did not let this peer in: ${reason}`);
  }
}
