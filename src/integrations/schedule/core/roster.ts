import { readGreeting, type Greeting, type Question } from './questions.js';
import type { ScheduleClock, SchedulePeers } from './schedule-ports.js';
import { passed } from './waits.js';

/** Ms for an answer to a hello, and until one that nobody answered is said again. */
const HELLO_TIMEOUT = 1_000;
const HELLO_AGAIN = 1_000;
const MOST_MISSING = 1_000;

/** So many of the first in a job's rank know what became of its occurrences, and may take them over. */
export const WITNESSES = 5;

/** What the roster needs to know of the rest of a scheduler, and tells it. */
export interface RosterSource {
  /** What this scheduler says of itself, but for the roster's own. */
  greeting(): Pick<Greeting, 'jobs' | 'holds'>;
  /** Somebody said this of themselves. */
  heard(peer: string, greeting: Greeting): void;
  /** The ranks are others now. */
  changed(): void;
}

/** Who takes part: the schedulers that are settled, and what each of them can run. */
export class Roster {
  readonly #clock: ScheduleClock;
  readonly #peers: SchedulePeers;
  readonly #source: RosterSource;
  readonly #others = new Map<string, ReadonlySet<string>>();
  readonly #ranks = new Map<string, readonly string[]>();
  #own: ReadonlySet<string> = new Set();
  /** What was heard last: replicas of one app have the same jobs, and share one set here. */
  #usual: ReadonlySet<string> = new Set();
  /** The others are told that this peer takes part. */
  #isDeclared = false;
  #isReady = false;
  #isLeaving = false;
  /** Those who went without a word, and whose places nobody has taken. */
  readonly #missing = new Set<string>();

  constructor(
    clock: ScheduleClock,
    peers: SchedulePeers,
    source: RosterSource,
  ) {
    this.#clock = clock;
    this.#peers = peers;
    this.#source = source;
  }

  get self(): string {
    return this.#peers.self;
  }

  /** True from when this peer is settled until it leaves. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** How many take part, this peer included. */
  get size(): number {
    return this.#others.size + (this.#isReady ? 1 : 0);
  }

  /**
   * Whether this peer is with most of those who took part: less than half of them went without a word
   * and are neither back nor replaced, or do not answer.
   *
   * @param share how many of those who were asked just now do answer; default: all
   */
  isInMajority(share = { heard: 1, of: 1 }): boolean {
    const { size } = this;
    const all = size + this.#missing.size;
    return 2 * size * share.heard > all * share.of;
  }

  has(peer: string): boolean {
    return this.#others.has(peer);
  }

  /** The first of those who may run a job; its owner before all. */
  rank(job: string): readonly string[] {
    let rank = this.#ranks.get(job);
    if (!rank) {
      rank = this.#peers.rank(job, WITNESSES, (peer) =>
        this.#mayRun(peer, job),
      );
      this.#ranks.set(job, rank);
    }
    return rank;
  }

  /** The peers may be in another order now. */
  forgetRanks(): void {
    this.#ranks.clear();
  }

  /** All others who may run a job. */
  others(job: string): string[] {
    return [...this.#others.keys()].filter((peer) => this.#mayRun(peer, job));
  }

  /**
   * Takes part from when everybody was asked who they are, and told that this peer is one of them: of those
   * that start at the same moment, each knows all others before it runs anything.
   */
  async join(): Promise<void> {
    await this.#greetAll();
    this.#isDeclared = !this.#isLeaving;
    await this.#greetAll();
    if (this.#isLeaving) {
      return;
    }
    this.#own = new Set(this.#source.greeting().jobs);
    this.#isReady = true;
    this.#takePlace();
    this.#change();
    this.#peers.others().forEach((peer) => void this.#greetUntilHeard(peer));
  }

  /** Takes no more part, and says so. Resolves when all others know, or do not answer. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    if (this.#isDeclared) {
      this.#isDeclared = false;
      this.#isReady = false;
      this.#change();
      const bye = this.#peers
        .others()
        .map((peer) => this.#peers.ask(peer, { ask: 'bye' }, HELLO_TIMEOUT));
      await Promise.all(bye);
    }
  }

  /** This peer can run other jobs now. Resolves when the others know, or do not answer. */
  async update(): Promise<void> {
    if (this.#isReady) {
      this.#own = new Set(this.#source.greeting().jobs);
      this.#change();
      await this.#greetAll();
    }
  }

  joined(peer: string): void {
    if (this.#isReady) {
      void this.#greetUntilHeard(peer);
    }
  }

  /** @param inPeace it said goodbye, and is not missed */
  left(peer: string, inPeace: boolean): void {
    if (!this.#others.delete(peer)) {
      return;
    }
    if (!inPeace && this.#missing.size < MOST_MISSING) {
      this.#missing.add(peer);
    }
    this.#change();
  }

  greeted(peer: string, greeting: Greeting): Greeting {
    this.#hear(peer, greeting);
    return this.#greeting();
  }

  /** Forgets a peer that certainly does not run any more; it says hello if it does all the same. */
  lost(peer: string): void {
    this.left(peer, false);
  }

  #mayRun(peer: string, job: string): boolean {
    return peer === this.self
      ? this.#isReady && this.#own.has(job)
      : this.#others.get(peer)?.has(job) === true;
  }

  #greeting(): Greeting {
    return {
      isReady: this.#isDeclared,
      missing: [...this.#missing],
      ...this.#source.greeting(),
    };
  }

  #hello(): Question {
    return { ask: 'hello', ...this.#greeting() };
  }

  async #greetAll(): Promise<void> {
    await Promise.all(this.#peers.others().map((peer) => this.#greet(peer)));
  }

  /** False if it may not have been heard. */
  async #greet(peer: string): Promise<boolean> {
    const answer = await this.#peers.ask(peer, this.#hello(), HELLO_TIMEOUT);
    if (answer === 'none') {
      return true;
    }
    const greeting = readGreeting(answer);
    if (greeting) {
      this.#hear(peer, greeting);
    }
    return greeting !== undefined;
  }

  async #greetUntilHeard(peer: string): Promise<void> {
    while (
      this.#isReady &&
      this.#peers.has(peer) &&
      !(await this.#greet(peer))
    ) {
      await passed(this.#clock, HELLO_AGAIN);
    }
  }

  #hear(peer: string, greeting: Greeting): void {
    const before = this.#others.get(peer);
    if (greeting.isReady && this.#peers.has(peer)) {
      const isNew = !this.#others.has(peer) && !this.#missing.delete(peer);
      this.#others.set(peer, this.#setOf(greeting.jobs));
      if (this.#isReady) {
        if (isNew) {
          this.#takePlace();
        }
      } else {
        greeting.missing.forEach((one) => this.#missing.add(one));
      }
    } else {
      this.#others.delete(peer);
    }
    this.#source.heard(peer, greeting);
    if (this.#others.get(peer) !== before) {
      this.#change();
    }
  }

  #setOf(jobs: readonly string[]): ReadonlySet<string> {
    const isUsual =
      jobs.length === this.#usual.size &&
      jobs.every((job) => this.#usual.has(job));
    if (!isUsual) {
      this.#usual = new Set(jobs);
    }
    return this.#usual;
  }

  /** A newcomer takes the place of one that is missing; all who see it choose the same. */
  #takePlace(): void {
    if (this.#missing.size === 0) {
      return;
    }
    this.#others.forEach((_, peer) => this.#missing.delete(peer));
    const [first] = [...this.#missing].sort();
    if (first !== undefined) {
      this.#missing.delete(first);
    }
  }

  #change(): void {
    this.#source.changed();
  }
}
