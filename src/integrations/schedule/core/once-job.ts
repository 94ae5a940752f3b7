import type { Job, JobRunner, RunOutcome } from './job-runner.js';
import { Occurrence, OccurrenceMemory } from './occurrence.js';
import {
  readVerdict,
  type JobRuns,
  type Question,
  type RunResult,
  type Verdict,
} from './questions.js';
import { Inquiry } from './inquiry.js';
import { WITNESSES, type Roster } from './roster.js';
import type {
  JobEvent,
  ScheduleClock,
  SchedulePeers,
  SkipReason,
} from './schedule-ports.js';

/** Ms that a claim waits for those who might have the occurrence. */
const CLAIM_TIMEOUT = 500;
/** Ms in which a fence that did not answer is not asked again: others may reach it. */
const FENCE_REST = 2_000;
/** What became of an occurrence is said so often to a peer that does not answer. */
const TELL_TRIES = 3;

/** What the jobs of a scheduler share. */
export interface JobParts {
  clock: ScheduleClock;
  peers: SchedulePeers;
  roster: Roster;
  runner: JobRunner;
  /** Ms after which the next in rank takes over. */
  takeoverAfter: number;
  emit: (event: JobEvent) => void;
}

/**
 * A job that runs once for each occurrence. Every peer knows when it is time; the owner claims the
 * occurrence from the others in its rank and runs it. Each further one does the same a `takeoverAfter`
 * later, unless it has heard a claim by then.
 */
export class OnceJob {
  readonly #job: Job;
  readonly #parts: JobParts;
  readonly #memory = new OccurrenceMemory();
  readonly #stops = new Set<AbortController>();
  readonly #running = new Set<Promise<void>>();
  /** Occurrences whose time has come, and that nobody is known to have. */
  readonly #waiting = new Set<Occurrence>();
  /** Runs under a fence, one after another: it has one lease for a name. */
  #turn: Promise<unknown> = Promise.resolve();
  /** How the fence did not answer, and until when it is not asked. */
  #silence: { outcome: RunOutcome; until: number } | undefined;

  constructor(job: Job, parts: JobParts) {
    this.#job = job;
    this.#parts = parts;
  }

  /**
   * It is time for an occurrence, here as everywhere.
   * @returns when this peer has no more to do with it; it never rejects
   */
  tick(time: number): Promise<void> {
    if (!this.#parts.roster.isReady || this.#memory.isForgotten(time)) {
      return Promise.resolve();
    }
    const occurrence = this.#memory.of(time);
    if (occurrence.tickedAt === undefined) {
      occurrence.tickedAt = this.#parts.clock.monotonic();
      if (occurrence.state === 'new') {
        this.#await(occurrence);
      }
    }
    return occurrence.done;
  }

  /** The ranks have changed: somebody else's turn may be this peer's now. */
  rosterChanged(): void {
    this.#waiting.forEach((occurrence) => this.#arm(occurrence));
  }

  /**
   * What a peer that is gone was running is over: it may have done anything up to then. A fence knows
   * whether it began, so with one it is taken over.
   */
  peerLeft(peer: string): void {
    for (const occurrence of this.#memory.list()) {
      if (this.#job.fence) {
        this.withdrawn(peer, occurrence.time);
      } else if (occurrence.state === 'taken' && occurrence.by === peer) {
        occurrence.end(peer);
      }
    }
  }

  claimed(peer: string, time: number): Verdict {
    const { self } = this.#parts.roster;
    if (this.#memory.isForgotten(time)) {
      return { by: self, isOver: true };
    }
    if (this.#job.waitForCompletion) {
      if (this.#memory.isBusy(time, peer < self)) {
        return { by: self, isOver: true };
      }
      this.#memory.endBefore(time, peer);
    }
    const occurrence = this.#memory.of(time);
    const { state, by } = occurrence;
    if (
      state === 'new' ||
      state === 'waiting' ||
      // Two claim at once where their lists differ for a moment: both see the same one win.
      (state === 'claiming' && peer < self)
    ) {
      this.#take(occurrence, peer);
      return {};
    }
    return by === peer && state === 'taken'
      ? {}
      : { by, isOver: state === 'over' };
  }

  withdrawn(peer: string, time: number): void {
    const occurrence = this.#memory.get(time);
    if (occurrence?.state !== 'taken' || occurrence.by !== peer) {
      return;
    }
    occurrence.declined.add(peer);
    if (occurrence.tickedAt === undefined) {
      occurrence.state = 'new';
    } else {
      this.#wait(occurrence);
    }
  }

  finished(peer: string, time: number, result: RunResult): void {
    if (this.#memory.isForgotten(time)) {
      return;
    }
    const occurrence = this.#memory.of(time);
    if (occurrence.state !== 'running') {
      this.#settle(occurrence);
      occurrence.end(peer, result);
    }
  }

  /** Resolves when nothing runs here any more. */
  async end(): Promise<void> {
    this.#waiting.forEach((occurrence) => this.#drop(occurrence));
    await Promise.all(this.#running);
  }

  /** There is no more time for what still runs. */
  cutShort(reason: unknown): void {
    this.#stops.forEach((stop) => stop.abort(reason));
  }

  report(): JobRuns {
    const runs = this.#memory
      .list()
      .flatMap(({ time, by, state, result }) =>
        by === undefined
          ? []
          : { occurrence: time, by, isOver: state === 'over', result },
      );
    return { job: this.#job.name, runs };
  }

  #await(occurrence: Occurrence): void {
    const { waitForCompletion } = this.#job;
    if (waitForCompletion && this.#memory.hasUnfinished(occurrence.time)) {
      if (this.#rank(occurrence)[0] === this.#parts.roster.self) {
        this.#skip(occurrence, 'unfinished');
      }
      this.#drop(occurrence);
      return;
    }
    this.#wait(occurrence);
  }

  #wait(occurrence: Occurrence): void {
    occurrence.state = 'waiting';
    this.#waiting.add(occurrence);
    this.#arm(occurrence);
  }

  /** It waits no more. */
  #settle(occurrence: Occurrence): void {
    this.#waiting.delete(occurrence);
    this.#parts.clock.clearTimeout(occurrence.timer);
  }

  #arm(occurrence: Occurrence): void {
    const { clock } = this.#parts;
    const { takeoverAfter = this.#parts.takeoverAfter } = this.#job;
    clock.clearTimeout(occurrence.timer);
    const position = this.#rank(occurrence).indexOf(this.#parts.roster.self);
    if (position === 0) {
      this.#attempt(occurrence);
      return;
    }
    // Where it is never this peer's turn, it forgets: the others do not tell it.
    const turns = position > 0 ? position : WITNESSES + 1;
    const due = occurrence.tickedAt! + turns * takeoverAfter;
    occurrence.timer = clock.setTimeout(
      () => {
        if (position > 0) {
          this.#attempt(occurrence);
        } else {
          this.#drop(occurrence);
        }
      },
      Math.max(0, due - clock.monotonic()),
    );
  }

  #rank({ declined }: Occurrence): readonly string[] {
    const rank = this.#parts.roster.rank(this.#job.name);
    return declined.size === 0
      ? rank
      : rank.filter((peer) => !declined.has(peer));
  }

  #attempt(occurrence: Occurrence): void {
    const [owner] = this.#rank(occurrence);
    const isOwner = owner === this.#parts.roster.self;
    const reason = this.#reasonToSkip();
    if (reason) {
      if (isOwner) {
        this.#skip(occurrence, reason);
      }
      this.#drop(occurrence);
      return;
    }
    const work = this.#claim(occurrence, isOwner ? undefined : owner).finally(
      () => this.#running.delete(work),
    );
    this.#running.add(work);
  }

  #reasonToSkip(): SkipReason | undefined {
    const { minPeers, onMinority } = this.#job;
    const { roster } = this.#parts;
    if (roster.size < minPeers) {
      return 'too-few-peers';
    }
    return onMinority === 'skip' && !roster.isInMajority()
      ? 'minority'
      : undefined;
  }

  /** @param owner whose turn it was, if it was not this peer's */
  async #claim(
    occurrence: Occurrence,
    owner: string | undefined,
  ): Promise<void> {
    const { roster, emit } = this.#parts;
    const { name } = this.#job;
    this.#settle(occurrence);
    occurrence.state = 'claiming';
    occurrence.by = roster.self;
    const { verdict, isStranger, share } = await this.#ask(occurrence.time);
    // The compiler does not see that a claim of another peer may have come first.
    if ((occurrence.state as string) !== 'claiming') {
      return;
    }
    if (verdict?.isOver) {
      occurrence.end(verdict.by);
      return;
    }
    if (verdict) {
      this.#take(occurrence, verdict.by);
      return;
    }
    if (isStranger) {
      this.#skip(occurrence, 'stranger');
      this.#drop(occurrence);
      return;
    }
    if (this.#job.onMinority === 'skip' && !roster.isInMajority(share)) {
      this.#skip(occurrence, 'minority');
      this.#withdraw(occurrence);
      return;
    }
    occurrence.state = 'running';
    if (owner !== undefined) {
      emit({
        type: 'job.taken-over',
        job: name,
        occurrence: new Date(occurrence.time),
        from: owner,
      });
    }
    await this.#run(occurrence);
  }

  async #run(occurrence: Occurrence): Promise<void> {
    const { runner, roster } = this.#parts;
    const stop = new AbortController();
    this.#stops.add(stop);
    let outcome: RunOutcome;
    if (this.#job.fence) {
      const until = runner.fenceDeadline;
      const turn = this.#turn.then(() =>
        this.#runFenced(stop, occurrence, until),
      );
      this.#turn = turn;
      outcome = await turn;
    } else {
      outcome = await runner.run(this.#job, stop, occurrence.time);
    }
    this.#stops.delete(stop);
    if (outcome.kind === 'unreachable') {
      this.#skip(occurrence, 'fence-unreachable', outcome.error);
      this.#withdraw(occurrence);
      return;
    }
    if (outcome.kind === 'refused') {
      this.#skip(occurrence, 'fenced');
      const result = { duration: 0, isSkipped: true };
      occurrence.end(roster.self, result);
      this.#tell({ ask: 'finished', ...this.#place(occurrence), result });
      return;
    }
    const result: RunResult = {
      duration: Math.round(outcome.duration),
      error: outcome.hasFailed ? String(outcome.error) : undefined,
    };
    occurrence.end(roster.self, result);
    this.#tell({ ask: 'finished', ...this.#place(occurrence), result });
  }

  async #runFenced(
    stop: AbortController,
    { time }: Occurrence,
    until: number,
  ): Promise<RunOutcome> {
    const { clock, runner } = this.#parts;
    if (this.#silence && clock.monotonic() < this.#silence.until) {
      return this.#silence.outcome;
    }
    const outcome = await runner.run(this.#job, stop, time, until);
    this.#silence =
      outcome.kind === 'unreachable'
        ? { outcome, until: clock.monotonic() + FENCE_REST }
        : undefined;
    return outcome;
  }

  /** Whose an occurrence is, by all who might have it or know; hearsay is asked of the peer itself. */
  async #ask(time: number): Promise<{
    verdict: { by: string; isOver?: boolean } | undefined;
    /** Those who answered do not know this peer. */
    isStranger: boolean;
    share: Inquiry['share'];
  }> {
    const { peers, roster } = this.#parts;
    const { self } = roster;
    const claim: Question = {
      ask: 'claim',
      job: this.#job.name,
      occurrence: time,
    };
    const inquiry = new Inquiry(self, (peer) =>
      peers.ask(peer, claim, CLAIM_TIMEOUT),
    );
    const verdictOf = async (peer: string) => {
      const { by, isOver } = readVerdict(await inquiry.ask(peer));
      if (by === undefined || (by === self && !isOver)) {
        return undefined;
      }
      const holder = isOver ? by : await inquiry.holder(by);
      return holder === undefined ? undefined : { by: holder, isOver };
    };
    const others = roster.rank(this.#job.name).filter((peer) => peer !== self);
    const verdicts = await Promise.all(others.map(verdictOf));
    return {
      verdict: verdicts.find((one) => one !== undefined),
      isStranger: inquiry.isByStranger,
      share: inquiry.share,
    };
  }

  #take(occurrence: Occurrence, by: string): void {
    this.#settle(occurrence);
    occurrence.take(by);
  }

  #withdraw(occurrence: Occurrence): void {
    this.#tell({ ask: 'withdraw', ...this.#place(occurrence) });
    this.#drop(occurrence);
  }

  #drop(occurrence: Occurrence): void {
    this.#settle(occurrence);
    occurrence.end(undefined);
    this.#memory.drop(occurrence);
  }

  #skip(occurrence: Occurrence, reason: SkipReason, error?: unknown): void {
    this.#parts.emit({
      type: 'job.skipped',
      job: this.#job.name,
      occurrence: new Date(occurrence.time),
      reason,
      error,
    });
  }

  #tell(question: Question): void {
    const { roster } = this.#parts;
    for (const peer of roster.rank(this.#job.name)) {
      if (peer !== roster.self) {
        void this.#tellOne(peer, question);
      }
    }
  }

  async #tellOne(peer: string, question: Question): Promise<void> {
    const { peers, roster } = this.#parts;
    for (let tries = 0; tries < TELL_TRIES; tries++) {
      const answer = await peers.ask(peer, question, CLAIM_TIMEOUT);
      if (answer !== 'silent' || !roster.has(peer)) {
        return;
      }
    }
  }

  #place({ time }: Occurrence): { job: string; occurrence: number } {
    return { job: this.#job.name, occurrence: time };
  }
}
