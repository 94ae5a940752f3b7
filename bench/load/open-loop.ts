import type { BenchClient } from '../contender.js';
import { bodyMaker } from './body.js';
import { Outcome, type LoadResult } from './outcome.js';
import { Schedule } from './schedule.js';

/** Messages at given times, whatever becomes of those before: no coordinated omission. */
export interface OpenLoopPlan {
  bytes: number;
  /** Messages a second, at random (Poisson) distances. */
  rate: number;
  durationMs: number;
  /** Peers that are sent to in turn. */
  peers: number;
  /** Messages that flow beside the measured ones, evenly spaced. */
  heavy?: { bytes: number; rate: number };
}

/** More than this waiting for a reply: it cannot keep up, and waiting longer shows nothing more. */
const MAX_PENDING = 200_000;

/** Latencies count from the time that a message was due, not from when it got its turn. */
export async function openLoop(
  client: BenchClient,
  plan: OpenLoopPlan,
): Promise<LoadResult> {
  const light = new Outcome();
  const start = performance.now();
  const end = start + plan.durationMs;
  const senders = [
    new DueSender(client, plan, new Schedule(start, end, plan.rate, true), {
      bytes: plan.bytes,
      outcome: light,
    }),
  ];
  if (plan.heavy) {
    const schedule = new Schedule(start, end, plan.heavy.rate, false);
    senders.push(
      new DueSender(client, plan, schedule, {
        bytes: plan.heavy.bytes,
        outcome: new Outcome(),
        failures: light,
      }),
    );
  }
  // Turning on the spot, since timers are a millisecond coarse.
  while (senders.map((sender) => sender.turn()).includes(true)) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return light.result();
}

interface DueMessages {
  bytes: number;
  outcome: Outcome;
  /** Where failures are counted, if elsewhere. */
  failures?: Outcome;
}

class DueSender {
  readonly #makeBody;
  #pending = 0;
  #count = 0;
  #overrun = false;

  readonly #client: BenchClient;
  readonly #plan: OpenLoopPlan;
  readonly #schedule: Schedule;
  readonly #messages: DueMessages;

  constructor(
    client: BenchClient,
    plan: OpenLoopPlan,
    schedule: Schedule,
    messages: DueMessages,
  ) {
    this.#client = client;
    this.#plan = plan;
    this.#schedule = schedule;
    this.#messages = messages;
    this.#makeBody = bodyMaker(messages.bytes);
  }

  /** Sends all that is due; false once nothing is to come, neither to send nor in reply. */
  turn(): boolean {
    const now = performance.now();
    for (let due = this.#take(now); due !== undefined; due = this.#take(now)) {
      void this.#send(due);
    }
    return this.#pending > 0 || !(this.#overrun || this.#schedule.isOver);
  }

  #take(now: number): number | undefined {
    if (this.#overrun) {
      return undefined;
    }
    if (this.#pending < MAX_PENDING) {
      return this.#schedule.take(now);
    }
    this.#overrun = true;
    this.#messages.outcome.failure('cannot keep up with the rate');
    return undefined;
  }

  async #send(due: number): Promise<void> {
    const { outcome, failures = outcome } = this.#messages;
    const body = this.#makeBody();
    this.#pending++;
    try {
      const reply = await this.#client.send(
        this.#count++ % this.#plan.peers,
        body,
      );
      outcome.reply(reply, body, performance.now() - due);
    } catch (error) {
      failures.failure(error);
    } finally {
      this.#pending--;
    }
  }
}
