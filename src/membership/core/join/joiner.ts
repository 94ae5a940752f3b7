import type { PeerSeed } from '../../../options/peer-list.js';
import { formatAddress, sameAddress } from '../../../wire/address.js';
import { isSuccess } from '../../../wire/endpoints.js';
import type { JsonValue } from '../../../wire/json.js';
import type {
  PeerAddress,
  PeerInfo,
  JoinRequest,
} from '../../../wire/bodies.js';
import { sleep, type CoreContext } from '../context.js';
import type { Notifier, UpdateIntake } from '../dissemination/index.js';
import {
  makeRecord,
  readPeerInfo,
  type UpdateSource,
} from '../member-list/index.js';
import { describeRefusal } from '../peer-calls.js';
import type { StatusCaller } from '../status/index.js';
import { Alone } from './alone.js';
import { joinBody, readJoinAnswer, type ReadJoinAnswer } from './join-body.js';
import { anyTrue, hedge } from './join-hedge.js';
import { SeedAddresses } from './seed-addresses.js';

/** What became of a request to join, and why. */
type JoinOutcome =
  | { readonly kind: 'joined' }
  | {
      readonly kind: 'refused' | 'failed';
      readonly why: string;
      /** True: somebody has to do something about it. */
      readonly isWarning?: boolean;
    };

/** How often an address behind which several peers may answer is asked for the peer that let this one in. */
const RECEIVER_TRIES = 3;

/** Longest that seeds are waited for, in join timeouts. */
const MAX_PATIENCE = 4;

/** Gets this peer into a cloud: through seeds in random order, one join after the other (PROTOCOL.md, section 3). */
export class Joiner {
  /** What is behind the names of seeds. */
  readonly addresses: SeedAddresses;
  readonly #alone: Alone;
  #lock: Promise<unknown> = Promise.resolve();
  #running = 0;
  #attempts = 0;
  /** Incarnations of the joins under way; true for those that came back to this peer itself. */
  readonly #sent = new Map<number, boolean>();
  #endFirstRound!: () => void;
  readonly #firstRound = new Promise<void>((resolve) => {
    this.#endFirstRound = resolve;
  });

  readonly #ctx: CoreContext;
  readonly #intake: UpdateIntake;
  readonly #caller: StatusCaller;
  readonly #notifier: Notifier;
  readonly #givenIp: boolean;

  /** @param givenIp true if this peer says its address itself; false: the receivers infer it */
  constructor(
    ctx: CoreContext,
    intake: UpdateIntake,
    caller: StatusCaller,
    notifier: Notifier,
    givenIp: boolean,
  ) {
    this.#ctx = ctx;
    this.#intake = intake;
    this.#caller = caller;
    this.#notifier = notifier;
    this.#givenIp = givenIp;
    this.addresses = new SeedAddresses(ctx, caller);
    this.#alone = new Alone(ctx);
  }

  /** True while a join is under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Resolves when no join is under way any more. */
  whenIdle(): Promise<unknown> {
    return this.#lock;
  }

  /** Resolves when the seeds have been tried once. */
  whenJoined(): Promise<void> {
    return this.#firstRound;
  }

  /** True if a join that has arrived is this peer's own: among its seeds it is itself. */
  meetsItself({ id, incarnation = NaN }: JoinRequest): boolean {
    const isOwn = id === this.#ctx.self.id && this.#sent.has(incarnation);
    if (isOwn) {
      this.#sent.set(incarnation, true);
    }
    return isOwn;
  }

  /** Joins in the background: at once, and again until somebody answers. */
  async run(): Promise<void> {
    const { options, life, list } = this.#ctx;
    const seeded = options.seeds.length > 0;
    let joined = seeded && (await this.join(options.seeds));
    this.#endFirstRound();
    let wait = options.joinRetryMin;
    let patience = 1;
    while (seeded && !joined && list.size === 0 && life.active) {
      this.#alone.goesOn(this.addresses.obstacles(options.seeds));
      await sleep(this.#ctx, wait * (0.5 + this.#ctx.env.random.next()));
      if (!life.active || list.size > 0) {
        break;
      }
      // A seed that is too busy to answer has more work with each new try.
      patience = Math.min(patience * 2, MAX_PATIENCE);
      joined = await this.join(options.seeds, patience);
      wait = Math.min(wait * 2, options.joinRetryMax);
    }
    if (life.active) {
      this.#alone.ends();
    }
  }

  stop(): void {
    this.#endFirstRound();
  }

  /**
   * One round over seeds. True as soon as one of them has let this peer in.
   * @param patience how many times the usual each of them may take
   */
  join(seeds: readonly PeerSeed[], patience = 1): Promise<boolean> {
    return this.#locked(async () => {
      const round = this.addresses.round(seeds);
      const running: Promise<boolean>[] = [];
      try {
        for (let address; (address = await round.next());) {
          if (!this.#ctx.life.active) {
            return false;
          }
          const { early, joined } = this.#insist(address, patience);
          running.push(joined);
          if ((await early) === true) {
            return true;
          }
        }
        return await anyTrue(running);
      } finally {
        round.stop();
      }
    });
  }

  /** Joins through one address, whatever the state of the list. */
  joinAt(address: PeerAddress): Promise<boolean> {
    return this.#locked(() => this.#attempt(address));
  }

  /**
   * Joins through one of several members, the first one first. The next one is asked too when the one
   * before has refused, or has not answered in time; a silent one is asked again after the others.
   * Joins that are still under way then go on, but nobody waits for them.
   * @param tries how many joins are sent at most
   */
  joinAny(ids: readonly string[], tries: number): Promise<boolean> {
    return this.#locked(async () => {
      const next = [...ids];
      const running = new Set<Promise<boolean>>();
      for (let left = tries; left > 0 && this.#ctx.life.active; left--) {
        const id = next.shift();
        if (id === undefined) {
          break;
        }
        const member = this.#ctx.list.peek(id);
        if (!member) {
          continue;
        }
        const attempt = this.#attempt(member);
        running.add(attempt);
        void attempt.then(() => running.delete(attempt));
        if (left === 1) {
          break;
        }
        const joined = anyTrue([...running]);
        const early = hedge(this.#ctx, this.#caller, attempt, member);
        if ((await Promise.race([joined, early])) === true) {
          return true;
        }
        if (running.has(attempt)) {
          next.push(id);
        }
      }
      return anyTrue([...running]);
    });
  }

  /**
   * A join may be lost. Where no answer comes, it is sent once more before the first one is given up, to
   * a peer of ours: it lets in each peer once. Legacy peers may add and announce it twice.
   * @returns what came of it; `early`: the same, or false as soon as nobody seems to be there
   */
  #insist(
    address: PeerAddress,
    patience: number,
  ): { early: Promise<boolean>; joined: Promise<boolean> } {
    const first = this.#attempt(address, patience);
    const sign = hedge(this.#ctx, this.#caller, first, address, patience);
    const joined = sign.then((early) =>
      early === 'overdue'
        ? anyTrue([first, this.#attempt(address, patience)])
        : first,
    );
    const early = sign.then((what) => what !== 'unknown' && joined);
    return { early, joined };
  }

  async #attempt(address: PeerAddress, patience = 1): Promise<boolean> {
    // Each attempt under an incarnation of its own, so that the address that one receiver infers
    // cannot stand against the one that another infers. A peer that has members may count as gone there.
    const { self, list } = this.#ctx;
    if (this.#attempts++ > 0 || list.size > 0) {
      self.raise();
    }
    const { incarnation } = self;
    this.#sent.set(incarnation, false);
    const outcome = await this.#send(address, patience);
    const isOwn = this.#sent.get(incarnation);
    this.#sent.delete(incarnation);
    if (outcome.kind === 'refused' && isOwn) {
      this.addresses.markOwn(address);
      return false;
    }
    this.#note(address, outcome);
    return outcome.kind === 'joined';
  }

  /** What lasts is said once. That nobody answers is no news: the others may start later. */
  #note(address: PeerAddress, outcome: JoinOutcome): void {
    if (outcome.kind === 'joined') {
      this.addresses.note(address, undefined);
      return;
    }
    const { kind, why, isWarning } = outcome;
    if (this.addresses.note(address, why) && kind === 'refused') {
      const { logger } = this.#ctx.env;
      const text = `${formatAddress(address)} did not let this peer in: ${why}`;
      if (isWarning) {
        logger.warn(text);
      } else {
        logger.log(text);
      }
    }
  }

  async #locked<T>(task: () => Promise<T>): Promise<T> {
    this.#running++;
    const run = this.#lock.then(task).finally(() => this.#running--);
    this.#lock = run.catch(() => undefined);
    return run;
  }

  /**
   * One `/join`.
   * @param patience how many times the usual the answer may take
   */
  async #send(address: PeerAddress, patience = 1): Promise<JoinOutcome> {
    const { calls, options, self } = this.#ctx;
    const result = await calls.call(
      address,
      'join',
      joinBody(self.record, this.#givenIp),
      options.joinTimeout * patience,
      { maxAnswerBytes: options.limits.maxAnswerBytes },
    );
    if (result.kind !== 'answered') {
      return { kind: 'failed', why: result.why };
    }
    if (!isSuccess(result.status)) {
      return { kind: 'refused', why: describeRefusal(result.status) };
    }
    const answer = readJoinAnswer(result.body, address, options.maxDataBytes);
    if (!answer) {
      return { kind: 'refused', why: 'its answer makes no sense' };
    }
    if ('refusal' in answer) {
      return refusedWith(answer.refusal, self.id);
    }
    if (!this.#ctx.life.active) {
      await this.#leave(answer, address);
      return { kind: 'failed', why: 'this peer leaves' };
    }
    return this.#accept(answer, address);
  }

  async #accept(
    answer: ReadJoinAnswer,
    address: PeerAddress,
  ): Promise<JoinOutcome> {
    const { self, list, env, events } = this.#ctx;
    if ((answer.self.cloud ?? '') !== self.cloud) {
      // A legacy peer knows no cloud names and has let this peer in already.
      await this.#leave(answer, address);
      return refusedWith('WRONG_CLOUD', self.id);
    }
    const merged = list.size > 0;
    if (!this.#isCredible(answer)) {
      return { kind: 'refused', why: 'it gave this peer the id of another' };
    }
    self.adopt(answer.id, answer.ip);
    const source: UpdateSource = {
      origin: 'answer',
      // A newcomer believes the seeds that it asked; a member takes it for what another member says.
      ...(merged && { from: answer.self.id }),
      senderAddress: address.ip,
      quiet: !merged,
      legacyNotified: !merged,
    };
    const obstacle = await this.#addReceiver(answer, address, source);
    const peers = this.#readPeers(answer.peers);
    for (const info of peers) {
      this.#intake.record(info, source, !answer.self.features);
    }
    env.logger.debug(
      `Let in by ${answer.self.id} at ${formatAddress(address)}, ${list.size} members known`,
    );
    events.emit('join.accepted', answer.self.id, { merged, listed: peers });
    return list.size === 0 && obstacle !== undefined
      ? { kind: 'refused', why: obstacle }
      : { kind: 'joined' };
  }

  /** Leaves where this peer was let in and will not stay: all that may have heard of it are notified. */
  async #leave(answer: ReadJoinAnswer, address: PeerAddress): Promise<void> {
    const { self: receiver, selfHasAddress } = answer;
    const called: PeerInfo = { ...receiver, ...address };
    const others = this.#readPeers(answer.peers).filter(
      (info) => this.#refusalOf(info, address) === undefined,
    );
    await Promise.all(
      [selfHasAddress ? receiver : called, ...others].map((info) =>
        this.#notifier.left(makeRecord(info, 'alive'), answer.id),
      ),
    );
  }

  /**
   * A newcomer takes the id that it is given, unless its own is fixed; a member of a cloud is known by the
   * id that it has.
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
   * Adds the receiver under the address that it names, else under the one that was called, if it answers
   * there itself: behind a name may be a load balancer (PROTOCOL.md, section 2), and a liar would put
   * itself, or nobody, in the place of a member.
   */
  async #addReceiver(
    { self: receiver, selfHasAddress }: ReadJoinAnswer,
    address: PeerAddress,
    source: UpdateSource,
  ): Promise<string | undefined> {
    const called: PeerInfo = { ...receiver, ...address };
    const isElsewhere = selfHasAddress && !sameAddress(receiver, address);
    for (const place of isElsewhere ? [receiver, called] : [called]) {
      if (await this.#isAt(place, address)) {
        this.#intake.record(place, { ...source, verified: true });
        return this.#ctx.list.peek(receiver.id)
          ? undefined
          : 'what it says of itself is not believed';
      }
    }
    const refusal = this.#refusalOf(
      selfHasAddress ? receiver : called,
      address,
    );
    const place = formatAddress(selfHasAddress ? receiver : called);
    return refusal === undefined
      ? `${receiver.id} does not answer at ${place}`
      : `the address ${place} of ${receiver.id} ${refusal}`;
  }

  async #isAt(receiver: PeerInfo, called: PeerAddress): Promise<boolean> {
    const { options } = this.#ctx;
    if (this.#refusalOf(receiver, called) !== undefined) {
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

  /** Why an address is not called that an answer from `called` names. */
  #refusalOf(address: PeerAddress, called: PeerAddress): string | undefined {
    const { env } = this.#ctx;
    return env.addressRefusal(address, { remoteAddress: called.ip });
  }
}

/** What the codes of refusals mean to who is refused. */
const REFUSALS: Readonly<Record<string, string>> = {
  CHECK_FAILED: 'its check of this peer failed, and its log says why',
  CLOUD_FULL: 'its cloud takes no more peers',
  WRONG_CLOUD: 'it belongs to a cloud of another name (option cloud)',
  CLOCK_AHEAD:
    "by its clock this peer starts in the future: its clock, or this peer's, is wrong",
  LEAVING: 'it is leaving',
};

function refusedWith(code: string, id: string): JoinOutcome {
  if (code === 'ID_TAKEN') {
    const why = `another peer that is alive has the id ${id}: give each one its own (option id)`;
    return { kind: 'refused', why, isWarning: true };
  }
  const words = REFUSALS[code];
  const why = words === undefined ? code : `${words} (${code})`;
  return { kind: 'refused', why, isWarning: code === 'CLOCK_AHEAD' };
}
