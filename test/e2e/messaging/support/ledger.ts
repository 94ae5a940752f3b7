import type { JsonValue } from '../../../../src/index.js';

/** Keeps account of many messages: what each came to, exactly once. */
export class Ledger {
  private readonly outcomes = new Map<number, string[]>();
  private open = 0;

  /** Messages without an outcome yet. */
  get pending(): number {
    return this.open;
  }

  get sent(): number {
    return this.outcomes.size;
  }

  /** Enters a message; its reply has to be `{ n }` again. */
  enter(n: number, reply: Promise<JsonValue>): void {
    const entry: string[] = [];
    this.outcomes.set(n, entry);
    this.open++;
    const close = (outcome: string) => {
      entry.push(outcome);
      this.open--;
    };
    reply.then(
      (value) =>
        close((value as { n?: unknown }).n === n ? 'replied' : 'wrong reply'),
      (error: { code?: string }) => close(error.code ?? 'no code'),
    );
  }

  /** How many messages came to what: `replied`, or the code of an error. */
  summary(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const outcomes of this.outcomes.values()) {
      for (const outcome of outcomes) {
        counts[outcome] = (counts[outcome] ?? 0) + 1;
      }
    }
    return counts;
  }

  /**
   * What does not add up, given how often the receiver handled each: a message is replied to and was
   * handled once, or it failed and was handled once at most; after an error that says so, never.
   */
  faults(handled: ReadonlyMap<number, number>): string[] {
    const faults: string[] = [];
    for (const [n, outcomes] of this.outcomes) {
      const times = handled.get(n) ?? 0;
      const outcome = outcomes.join();
      const [least, most] = handledRange(outcome);
      if (times < least || times > most) {
        faults.push(`${n}: ${outcome || 'no outcome'}, handled ${times} times`);
      }
    }
    return faults;
  }
}

function handledRange(outcome: string): [number, number] {
  switch (outcome) {
    case 'replied':
      return [1, 1];
    case 'CONNECTION_LOST':
    case 'TIMEOUT':
      return [0, 1];
    case 'UNREACHABLE':
    case 'NO_SUCH_PEER':
    case 'OVERLOADED':
      return [0, 0];
    default:
      return [1, 0];
  }
}
