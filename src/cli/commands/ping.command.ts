import { setTimeout } from 'node:timers/promises';
import { isSuccess } from '../../wire/endpoints.js';
import { messageOf } from '../../errors/error-text.js';
import type { Command, Session } from '../command.js';
import { UsageError } from '../io.js';
import { askMembers, callingOf, findMember, targetOf } from '../members.js';
import { clean } from '../text.js';

/** Upper bounds of the histogram's classes, in ms: each decade has three. */
const BOUNDS = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/** Characters of the longest bar. */
const BAR = 40;

export const ping: Command = {
  name: 'ping',
  words: ['<peer>'],
  summary: 'round trips from here to a peer, and how they are spread',
  options: {
    count: { value: 'n', short: 'c', help: 'how many (10)' },
    interval: { value: 'ms', help: 'time between two (200)' },
  },
  connects: true,
  run: async (session) => {
    const { options } = session;
    const count = options.number('count', 10, 1, 1e6);
    const interval = options.number('interval', 200, 0, 3.6e6);
    if (!Number.isInteger(count)) {
      throw new UsageError(`--count: ${count}: must be a whole number`);
    }
    return session.observe(async (observer) => {
      const { members } = await askMembers(observer);
      const member = findMember(members, session.words[0]!);
      const target = targetOf(member, observer.address);
      const times: number[] = [];
      let lost = 0;
      for (let number = 1; number <= count; number++) {
        const result = await roundTrip(() => observer.status(target));
        if (typeof result === 'number') {
          times.push(result);
        } else {
          lost++;
        }
        printOne(session, number, result);
        if (number < count) {
          await setTimeout(interval, undefined, { signal: session.io.signal });
        }
      }
      const name = callingOf(member);
      if (session.isJson) {
        session.printJson({ peer: name, lost, ...summary(times) });
      } else {
        printSummary(session, name, times, lost);
      }
      return lost === 0 ? 0 : 1;
    });
  },
};

/** Ms, or what went wrong. */
async function roundTrip(
  ask: () => Promise<{ status: number }>,
): Promise<number | string> {
  const start = performance.now();
  try {
    const { status } = await ask();
    const ms = performance.now() - start;
    return isSuccess(status) ? ms : `status ${status}`;
  } catch (error) {
    return messageOf(error);
  }
}

function printOne(
  session: Session,
  number: number,
  result: number | string,
): void {
  if (session.isJson) {
    return;
  }
  session.print(
    typeof result === 'number'
      ? `${number}: ${msText(result)}`
      : `${number}: ${session.painter.paint(clean(result), 'red')}`,
  );
}

function summary(times: readonly number[]) {
  const sorted = times.toSorted((one, two) => one - two);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return {
    times,
    min: sorted[0],
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: sorted.at(-1),
  };
}

function printSummary(
  session: Session,
  name: string,
  times: readonly number[],
  lost: number,
): void {
  const { min, p50, p90, p99, max } = summary(times);
  const all = times.length + lost;
  session.print(`\n${clean(name)}: ${times.length} of ${all} answered`);
  if (times.length > 0) {
    const parts = { min, p50, p90, p99, max };
    const texts = Object.entries(parts).map(
      ([word, ms]) => `${word} ${msText(ms!)}`,
    );
    session.print(texts.join('  '));
    session.print(histogram(times).join('\n'));
  }
}

/** A line for each class from the first that has something to the last. */
export function histogram(times: readonly number[]): string[] {
  const counts = [...BOUNDS, Infinity].map(
    (bound, at) =>
      times.filter((ms) => ms < bound && ms >= (BOUNDS[at - 1] ?? 0)).length,
  );
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const most = Math.max(...counts);
  return counts.slice(first, last + 1).map((count, offset) => {
    const bound = BOUNDS[first + offset];
    const label = bound === undefined ? `> ${BOUNDS.at(-1)}` : `< ${bound}`;
    const bar = '█'.repeat(Math.ceil((BAR * count) / most));
    return `${label.padStart(6)} ms ${bar} ${count}`.trimEnd();
  });
}

function msText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}
