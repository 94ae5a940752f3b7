import type { Job, RunOutcome } from './job-runner.js';
import type { JobParts } from './once-job.js';
import {
  readVerdict,
  type Answer,
  type JobRuns,
  type Question,
  type Tenure,
  type Verdict,
} from './questions.js';
import { Inquiry } from './inquiry.js';
import { WITNESSES } from './roster.js';
import type { Silence } from './schedule-ports.js';
import { passed, passedOrFired } from './waits.js';

/** Ms that a seizure waits for those who might know the holder. */
const SEIZE_TIMEOUT = 500;
/** Ms until the next one, where others still speak of a holder that is no member any more. */
const SEIZE_AGAIN = 500;
/** Ms between two words of a holder to the first in the rank. */
const HOLD_EVERY = 500;
/** So many in a row that most do not answer end a tenure, where it is to skip in a minority. */
const MOST_UNHEARD = 3;
/** Ms without one, after which a holder is asked whether it runs. */
const SILENT_AFTER = 1_000;
/** Ms before a method that ended by itself is called again: at first, and at most. */
const FIRST_BACKOFF = 1_000;
const LAST_BACKOFF = 60_000;

/** What a singleton needs beside what all jobs share. */
export interface SingletonParts extends JobParts {
  /** Ms that a method may take to end once its signal has fired. */
  stopGrace: number;
  /** The method did not end in time. */
  overdue: (job: string) => void;
  /** It failed, or ended by itself, and is called again after so many ms. */
  ended: (job: string, backoff: number, outcome: RunOutcome) => void;
}

/** This peer's tenure, from when it is the holder until its method has ended. */
interface Holding {
  term: number;
  stop: AbortController;
  done: Promise<void>;
}

/**
 * A job that runs on one peer at a time. The first in its rank seizes it where nobody holds it, and
 * holds it until it leaves. The holder with the higher term is the newer one; of two with the same, which
 * a parted cloud may have, the one with the smaller id.
 */
export class SingletonJob {
  readonly #job: Job;
  readonly #parts: SingletonParts;
  /** Who holds it, as far as is known here. */
  #holder: string | undefined;
  #term = 0;
  /** When the holder was heard last, or since when there is none; ms of the monotonic clock. */
  #since = 0;
  /** The holder that was lost. */
  #lost: string | undefined;
  #seizing: number | undefined;
  #holding: Holding | undefined;
  #restUntil = 0;
  #unheard = 0;
  #isEnding = false;
  #timer: unknown;

  constructor(job: Job, parts: SingletonParts) {
    this.#job = job;
    this.#parts = parts;
  }

  /** What this peer holds, for those it greets. */
  get tenure(): Tenure | undefined {
    return this.#holding && { job: this.#job.name, term: this.#holding.term };
  }

  report(): JobRuns {
    return { job: this.#job.name, holder: this.#holder, runs: [] };
  }

  rosterChanged(): void {
    this.#evaluate();
  }

  /** Its holder may be no member any more; one that only leaves the schedulers holds it until its end. */
  peerLeft(peer: string): void {
    if (this.#holder === peer) {
      this.#evaluate();
    }
  }

  /** Another peer wants it. */
  seized(peer: string, term: number): Verdict {
    const { self } = this.#parts.roster;
    if (this.#holding) {
      return { by: self, term: this.#holding.term };
    }
    if (this.#seizing !== undefined) {
      if (!wins({ peer, term }, { peer: self, term: this.#seizing })) {
        return { by: self, term: this.#seizing };
      }
      this.#seizing = undefined;
    } else if (this.#holder !== undefined && this.#holder !== peer) {
      return { by: this.#holder, term: this.#term };
    }
    this.#note(peer, this.#term);
    return { term: this.#term };
  }

  /** Another peer has it, and says so again and again. */
  held(peer: string, term: number): Verdict {
    const { self } = this.#parts.roster;
    const theirs = { peer, term };
    if (this.#holding) {
      const ours = { peer: self, term: this.#holding.term };
      if (!wins(theirs, ours)) {
        return { by: self, term: ours.term };
      }
      this.#stop('another peer has taken it');
    } else if (this.#holder !== undefined && this.#holder !== peer) {
      const known = { peer: this.#holder, term: this.#term };
      if (!wins(theirs, known)) {
        return { by: known.peer, term: known.term };
      }
    }
    this.#seizing = undefined;
    this.#note(peer, term);
    return {};
  }

  released(peer: string, term: number): void {
    if (this.#holder === peer && term >= this.#term) {
      this.#term = term;
      this.#holder = undefined;
      this.#lost = undefined;
      this.#since = this.#parts.clock.monotonic();
      this.#evaluate();
    }
  }

  /** Hands it over. Resolves when the method has ended. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#parts.clock.clearTimeout(this.#timer);
    this.#stop('this peer leaves');
    await this.#holding?.done;
  }

  #note(peer: string, term: number): void {
    const isNew = this.#holder !== peer;
    this.#holder = peer;
    this.#term = Math.max(this.#term, term);
    this.#since = this.#parts.clock.monotonic();
    this.#lost = undefined;
    if (isNew) {
      this.#evaluate();
    }
  }

  #lose(peer: string): void {
    this.#lost = peer;
    this.#holder = undefined;
    this.#since = this.#parts.clock.monotonic();
  }

  #canRun(share?: Inquiry['share']): boolean {
    const { minPeers, onMinority } = this.#job;
    const { roster } = this.#parts;
    return (
      roster.size >= minPeers &&
      (onMinority === 'run' || roster.isInMajority(share))
    );
  }

  /** What is to be done now, and when to look again. */
  #evaluate(): void {
    const { clock, peers, roster, takeoverAfter } = this.#parts;
    clock.clearTimeout(this.#timer);
    if (this.#isEnding || !roster.isReady || this.#seizing !== undefined) {
      return;
    }
    if (this.#holding) {
      if (!this.#canRun()) {
        this.#stop('too few peers are in reach');
      }
      return;
    }
    if (this.#holder !== undefined && !peers.has(this.#holder)) {
      this.#lose(this.#holder);
    }
    const turn = roster
      .rank(this.#job.name)
      .filter((peer) => peer !== this.#holder)
      .indexOf(roster.self);
    if (turn < 0 || !this.#canRun()) {
      return;
    }
    const silence = this.#holder === undefined ? 0 : SILENT_AFTER;
    const due = Math.max(
      this.#since + silence + turn * takeoverAfter,
      this.#restUntil,
    );
    const wait = due - clock.monotonic();
    if (wait > 0) {
      this.#timer = clock.setTimeout(() => this.#evaluate(), wait);
    } else if (this.#holder === undefined) {
      void this.#seize();
    } else {
      void this.#lookAfter(this.#holder);
    }
  }

  /** Asks a holder that was not heard for a while whether it is there. */
  async #lookAfter(holder: string): Promise<void> {
    const { peers, roster } = this.#parts;
    const answer = await peers.ask(holder, this.#seizure(), SEIZE_TIMEOUT);
    if (this.#holder !== holder || this.#holding) {
      return;
    }
    if (answer === 'gone') {
      this.#lose(holder);
      roster.lost(holder);
      this.#evaluate();
      return;
    }
    if (typeof answer === 'object' && readVerdict(answer).by !== holder) {
      this.#holder = undefined;
    }
    // Silent: it may stand still and run all the same. The membership decides.
    this.#since = this.#parts.clock.monotonic();
    this.#evaluate();
  }

  async #seize(): Promise<void> {
    const { clock, peers, emit, roster } = this.#parts;
    const attempt = this.#term + 1;
    this.#seizing = attempt;
    const found = await this.#findHolder();
    const { holder, lost = this.#lost } = found;
    if (this.#seizing !== attempt) {
      return;
    }
    this.#seizing = undefined;
    if (holder && peers.has(holder.peer)) {
      this.#note(holder.peer, holder.term);
      return;
    }
    const mayHold =
      !this.#isEnding && roster.isReady && this.#canRun(found.share);
    if (holder || found.isStranger || !mayHold) {
      // Others have not heard yet that it is gone, or that this peer is back.
      this.#restUntil = clock.monotonic() + SEIZE_AGAIN;
      this.#evaluate();
      return;
    }
    if (lost !== undefined) {
      emit({ type: 'job.taken-over', job: this.#job.name, from: lost });
    }
    this.#holder = roster.self;
    this.#term = found.term + 1;
    this.#unheard = 0;
    this.#lost = undefined;
    this.#hold(this.#term);
  }

  /** The holder and the highest term, by all who might know; hearsay is asked of the holder itself. */
  async #findHolder(): Promise<{
    holder: { peer: string; term: number } | undefined;
    term: number;
    /** A holder that certainly does not run any more. */
    lost: string | undefined;
    isStranger: boolean;
    share: Inquiry['share'];
  }> {
    const { peers, roster } = this.#parts;
    const inquiry = new Inquiry(roster.self, (peer) =>
      peers.ask(peer, this.#seizure(), SEIZE_TIMEOUT),
    );
    let highest = this.#term;
    let lost: string | undefined;
    const holderBy = async (peer: string) => {
      const { by, term = 0 } = readVerdict(await inquiry.ask(peer));
      highest = Math.max(highest, term);
      if (by === undefined || by === roster.self) {
        return undefined;
      }
      if ((await inquiry.ask(by)) === 'gone') {
        lost = by;
        return undefined;
      }
      const holder = await inquiry.holder(by);
      return holder === undefined ? undefined : { peer: holder, term };
    };
    const others = roster.others(this.#job.name);
    const holders = await Promise.all(others.map(holderBy));
    return {
      holder: holders.find((one) => one !== undefined),
      term: highest,
      lost,
      isStranger: inquiry.isByStranger,
      share: inquiry.share,
    };
  }

  #seizure(): Question {
    return { ask: 'seize', job: this.#job.name, term: this.#term + 1 };
  }

  #hold(term: number): void {
    const stop = new AbortController();
    const done = this.#serve(stop.signal).then(() => this.#ended(term));
    this.#holding = { term, stop, done };
    void this.#say(term, this.#parts.roster.others(this.#job.name));
    void this.#remind(term);
  }

  /** Tells the first in the rank, who would take over, and hears of a newer holder. */
  async #remind(term: number): Promise<void> {
    const { clock, roster } = this.#parts;
    while (this.#holding?.term === term) {
      await passed(clock, HOLD_EVERY);
      const others = roster
        .rank(this.#job.name)
        .filter((peer) => peer !== roster.self);
      void this.#say(term, others);
    }
  }

  async #say(term: number, others: readonly string[]): Promise<void> {
    const { peers, roster } = this.#parts;
    const hold: Question = { ask: 'hold', job: this.#job.name, term };
    const inquiry = new Inquiry(roster.self, async (peer) => {
      const answer = await peers.ask(peer, hold, SEIZE_TIMEOUT);
      this.#contradicted(term, answer);
      return answer;
    });
    await Promise.all(others.map((peer) => inquiry.ask(peer)));
    if (this.#holding?.term !== term) {
      return;
    }
    this.#unheard = this.#canRun(inquiry.share) ? 0 : this.#unheard + 1;
    if (inquiry.isByStranger) {
      this.#stop('the others took this peer for dead');
    } else if (this.#unheard >= MOST_UNHEARD) {
      this.#stop('most of the others do not answer');
    }
  }

  #contradicted(term: number, answer: Answer | Silence): void {
    const { by, term: theirs = 0 } = readVerdict(answer);
    const { self } = this.#parts.roster;
    if (
      by !== undefined &&
      by !== self &&
      this.#holding?.term === term &&
      wins({ peer: by, term: theirs }, { peer: self, term })
    ) {
      this.#note(by, theirs);
      this.#stop('another peer has taken it');
    }
  }

  /** Calls the method again and again until it has to end. */
  async #serve(stop: AbortSignal): Promise<void> {
    const { clock, runner } = this.#parts;
    const { name } = this.#job;
    let backoff = FIRST_BACKOFF;
    while (!stop.aborted) {
      const run = new AbortController();
      const end = (): void => run.abort(stop.reason);
      stop.addEventListener('abort', end);
      const outcome = await runner.run(this.#job, run);
      stop.removeEventListener('abort', end);
      if (stop.aborted) {
        return;
      }
      if (outcome.kind === 'unreachable') {
        const { error } = outcome;
        this.#parts.emit({
          type: 'job.skipped',
          job: name,
          reason: 'fence-unreachable',
          error,
        });
        this.#rest();
        return;
      }
      if (outcome.kind === 'ran' && !outcome.wasEnded) {
        backoff = outcome.duration > LAST_BACKOFF ? FIRST_BACKOFF : backoff;
        this.#parts.ended(name, backoff, outcome);
        await passedOrFired(clock, backoff, stop);
        backoff = Math.min(2 * backoff, LAST_BACKOFF);
      }
    }
  }

  /** Others may reach the fence: each gets its turn before this peer tries again. */
  #rest(): void {
    const { clock, takeoverAfter } = this.#parts;
    this.#restUntil = clock.monotonic() + takeoverAfter * WITNESSES;
  }

  #stop(why: string): void {
    const { clock, stopGrace, overdue } = this.#parts;
    const holding = this.#holding;
    if (!holding || holding.stop.signal.aborted) {
      return;
    }
    const timer = clock.setTimeout(() => overdue(this.#job.name), stopGrace);
    void holding.done.then(() => clock.clearTimeout(timer));
    holding.stop.abort(new Error(why));
  }

  #ended(term: number): void {
    const { clock, roster } = this.#parts;
    this.#holding = undefined;
    if (this.#holder === roster.self) {
      this.#holder = undefined;
      this.#since = clock.monotonic();
      this.#tell({ ask: 'release', job: this.#job.name, term });
    }
    this.#evaluate();
  }

  #tell(question: Question): void {
    const { peers, roster } = this.#parts;
    for (const peer of roster.others(this.#job.name)) {
      void peers.ask(peer, question, SEIZE_TIMEOUT);
    }
  }
}

/** Whether the first of two holders is the newer one. */
function wins(
  one: { peer: string; term: number },
  other: { peer: string; term: number },
): boolean {
  return (
    one.term > other.term || (one.term === other.term && one.peer < other.peer)
  );
}
