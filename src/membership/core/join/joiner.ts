import { messageOf } from '../../../errors/error-text.js';
import type { PeerAddress } from '../../../wire/peer-info.js';
import type { JoinRequest } from '../../../wire/requests.js';
import { formatAddress, normalizeIp } from '../../../wire/address.js';
import { sleep, type CoreContext } from '../core-context.js';
import { firstOf } from '../first-of.js';
import type { JoinCall, JoinOutcome } from './join-call.js';
import {
  JOIN_TELLING_MOMENT,
  MAX_ADDRESSES_PER_NAME,
} from '../options/membership.limits.js';
import { shuffle } from '../random.js';
import type { StatusCaller, StatusReply } from '../status/status-caller.js';

/** Part of a join's time after which it is sent again, or to another peer. */
const HEDGE = 1 / 6;

/** Ms before which it is not: the answer may still wait for the others to be told. */
const MIN_HEDGE = 2 * JOIN_TELLING_MOMENT;

/** Answers to questions for which a join is awaited then: it takes its receiver as many turns. */
const TURNS = 4;

/** How often a peer that does not answer a join is asked something, within the time for one answer. */
const QUESTIONS = 3;

/** Longest that known peers are waited for, in join timeouts. */
const MAX_PATIENCE = 4;

/** Gets this peer into a cloud: through known peers in random order, one after the other (PROTOCOL.md, section 3). */
export class Joiner {
  #lock: Promise<unknown> = Promise.resolve();
  #running = 0;
  #attempts = 0;
  /** Addresses at which this peer met itself. */
  readonly #own = new Set<string>();
  /** Incarnations of the joins under way; true for those that came back to this peer itself. */
  readonly #sent = new Map<number, boolean>();
  #endFirstRound!: () => void;
  readonly #firstRound = new Promise<void>((resolve) => {
    this.#endFirstRound = resolve;
  });

  readonly #ctx: CoreContext;
  readonly #joinCall: JoinCall;
  readonly #caller: StatusCaller;

  constructor(ctx: CoreContext, joinCall: JoinCall, caller: StatusCaller) {
    this.#ctx = ctx;
    this.#joinCall = joinCall;
    this.#caller = caller;
  }

  /** True while a join is under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Resolves when no join is under way any more. */
  whenIdle(): Promise<unknown> {
    return this.#lock;
  }

  /** Resolves when the known peers have been tried once. */
  whenJoined(): Promise<void> {
    return this.#firstRound;
  }

  /** A join with this peer's own id has arrived: if it is its own, it has met itself. */
  receivedOwnId({ incarnation = NaN }: JoinRequest): void {
    if (this.#sent.has(incarnation)) {
      this.#sent.set(incarnation, true);
    }
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
      await sleep(this.#ctx, wait * (0.5 + this.#ctx.env.random.next()));
      if (!life.active || list.size > 0) {
        return;
      }
      // Whoever is too busy to answer has more work with each new try.
      patience = Math.min(patience * 2, MAX_PATIENCE);
      joined = await this.join(options.seeds, patience);
      wait = Math.min(wait * 2, options.joinRetryMax);
    }
  }

  stop(): void {
    this.#endFirstRound();
  }

  /**
   * One round over known peers. True as soon as one of them has let this peer in.
   * @param patience how many times the usual each of them may take
   */
  join(seeds: readonly PeerAddress[], patience = 1): Promise<boolean> {
    return this.#locked(async () => {
      const { random } = this.#ctx.env;
      for (const seed of shuffle([...seeds], random)) {
        for (const address of shuffle(await this.addressesOf(seed), random)) {
          if (!this.#ctx.life.active) {
            return false;
          }
          if (await this.#insist(address, patience)) {
            return true;
          }
        }
      }
      return false;
    });
  }

  /** Joins through one address, whatever the state of the list. */
  joinAt(address: PeerAddress): Promise<boolean> {
    return this.#locked(
      async () => (await this.#attempt(address)) === 'joined',
    );
  }

  /**
   * Joins through one of several members, the first one first. The next one is asked too when the one
   * before has refused, or has not answered in time; who is silent is asked again after the others.
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
        const attempt = this.#attempt(member).then(isJoined);
        running.add(attempt);
        void attempt.then(() => running.delete(attempt));
        if (left === 1) {
          break;
        }
        const joined = anyTrue([...running]);
        const early = this.#hedge(attempt, member);
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

  /** Every address behind a known peer's name, resolved anew, without this peer's own. */
  async addressesOf(seed: PeerAddress): Promise<PeerAddress[]> {
    const literal = normalizeIp(seed.ip);
    const ips = literal ? [literal] : await this.#resolve(seed.ip);
    const { record, hasAddress } = this.#ctx.self;
    return ips
      .slice(0, MAX_ADDRESSES_PER_NAME)
      .map((ip) => ({ ...seed, ip }))
      .filter((address) => {
        const text = formatAddress(address);
        return !this.#own.has(text) && !(hasAddress && text === record.address);
      });
  }

  async #resolve(host: string): Promise<string[]> {
    try {
      return await this.#ctx.env.resolve(host);
    } catch (error) {
      const reason = messageOf(error);
      this.#ctx.env.logger.debug(
        `The known peer ${host} cannot be resolved: ${reason}`,
      );
      return [];
    }
  }

  /**
   * A join may be lost. Where no answer comes, it is sent once more before the first one is given up, to
   * a peer of ours: it lets in each peer once. Legacy peers may add and announce it twice.
   */
  async #insist(address: PeerAddress, patience: number): Promise<boolean> {
    const first = this.#attempt(address, patience).then(isJoined);
    const early = await this.#hedge(first, address, patience);
    if (typeof early === 'boolean') {
      return early;
    }
    if (early === 'unknown') {
      return first;
    }
    return anyTrue([first, this.#attempt(address, patience).then(isJoined)]);
  }

  /**
   * What came of a join, or that it may be lost. It may just as well wait in a busy peer, which a second
   * one would only make busier: so that peer is asked something, and has the longer the longer that takes.
   * @returns `overdue`: a peer of ours answers questions there, and not the join; `unknown`: none does
   */
  async #hedge(
    join: Promise<boolean>,
    address: PeerAddress,
    patience = 1,
  ): Promise<boolean | 'overdue' | 'unknown'> {
    const part = this.#ctx.options.joinTimeout * patience * HEDGE;
    const quick = sleep(this.#ctx, Math.max(part, MIN_HEDGE));
    const early = await Promise.race([join, quick]);
    if (early !== undefined) {
      return early;
    }
    let isOver = false;
    void join.then(() => (isOver = true));
    const question = this.#answerTime(address, () => isOver);
    const answered = await Promise.race([join, question]);
    if (typeof answered === 'boolean') {
      return answered;
    }
    if (answered.ms === undefined) {
      return 'unknown';
    }
    const turns = sleep(this.#ctx, answered.ms * TURNS);
    return (await Promise.race([join, turns])) ?? 'overdue';
  }

  /**
   * Ms that a peer with features takes to answer there; undefined if none does. Where no answer comes, it
   * is asked again: the question may be lost, or late, and each answer counts.
   * @param isOver true when nobody wants to know any more
   */
  async #answerTime(
    address: PeerAddress,
    isOver: () => boolean,
  ): Promise<{ ms: number | undefined }> {
    const { requestTimeout } = this.#ctx.options;
    let isAnswered = false;
    const ask = async (index: number): Promise<StatusReply | undefined> => {
      const pause = (requestTimeout * index) / QUESTIONS;
      if (index > 0) {
        await sleep(this.#ctx, pause);
      }
      if (isAnswered || isOver()) {
        return undefined;
      }
      const timeout = requestTimeout - pause;
      const reply = await this.#caller.askAddress(address, timeout);
      isAnswered ||= reply.kind !== 'silent';
      return reply;
    };
    const questions = Array.from({ length: QUESTIONS }, (_, n) => ask(n));
    const isAnswer = (reply: StatusReply | undefined) =>
      reply !== undefined && reply.kind !== 'silent';
    const reply = await firstOf(questions, isAnswer);
    const isOurs = reply?.kind === 'online' && reply.status.features;
    return { ms: isOurs ? reply.ms : undefined };
  }

  async #attempt(address: PeerAddress, patience = 1): Promise<JoinOutcome> {
    // Each attempt under an incarnation of its own, so that the address that one receiver infers
    // cannot stand against the one that another infers. One that has members may count as gone there.
    const { self, list } = this.#ctx;
    if (this.#attempts++ > 0 || list.size > 0) {
      self.raise();
    }
    const { incarnation } = self;
    this.#sent.set(incarnation, false);
    const outcome = await this.#joinCall.send(address, patience);
    const isOwn = this.#sent.get(incarnation);
    this.#sent.delete(incarnation);
    if (outcome === 'refused' && isOwn) {
      this.#own.add(formatAddress(address));
      this.#ctx.env.logger.debug(
        `${formatAddress(address)} is this peer itself`,
      );
      return 'self';
    }
    return outcome;
  }

  async #locked<T>(task: () => Promise<T>): Promise<T> {
    this.#running++;
    const run = this.#lock.then(task).finally(() => this.#running--);
    this.#lock = run.catch(() => undefined);
    return run;
  }
}

function isJoined(outcome: JoinOutcome): boolean {
  return outcome === 'joined';
}

/** True as soon as one of them is, false when none was. */
async function anyTrue(
  promises: readonly Promise<boolean>[],
): Promise<boolean> {
  return (await firstOf(promises, Boolean)) ?? false;
}
