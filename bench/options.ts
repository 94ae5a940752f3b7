import { parseArgs } from 'node:util';

/** The parts that can be asked for. */
export const PART_OPTIONS = [
  'request-reply',
  'broadcast',
  'light-beside-heavy',
  'open-loop',
  'join',
  'start-up',
  'growth',
  'fan-out',
  'sockets',
  'invalidations',
  'idle',
] as const;

export type PartOption = (typeof PART_OPTIONS)[number];

/** Those of a check. */
const CHECKED_PARTS: readonly PartOption[] = [
  'request-reply',
  'broadcast',
  'idle',
];

/** What to measure and for how long. */
export interface BenchOptions {
  /** `partial`: with a selection or lengths of the user's own, which no published report is made from. */
  kind: 'full' | 'quick' | 'partial';
  /** Shorter runs, fewer cells and rounds: some five minutes in all. */
  quick: boolean;
  /** Only whether every contender answers: some seconds in all. */
  ci: boolean;
  /** A quick run of the floors about messages, broadcasts and rest, each of which may be missed by a margin. */
  check: boolean;
  /** Also draw the chart. */
  plot: boolean;
  /** Contenders to take (names of the files in `contenders/`). Default: all. */
  only: string[] | undefined;
  parts: readonly PartOption[];
  rounds: number;
  /** Ms of each measured run. */
  measureMs: number;
  /** Ms for the compiler to find out what is hot. */
  warmUpMs: number;
  /** Folder for CPU profiles of all processes. Default: none are written. */
  profile: string | undefined;
  /** Samples of an earlier run to make report and chart from, instead of measuring. */
  reportFrom: string | undefined;
}

/** How to call the bench. */
export const USAGE = `npm run bench -- [options]
  --quick              fewer cells and rounds, some five minutes
  --ci                 only whether every contender answers
  --check              whether the floors hold within a wide margin, some three minutes
  --plot               also draw the chart
  --only=a,b           contenders (file names in bench/contenders)
  --parts=a,b          parts: ${PART_OPTIONS.join(', ')}
  --rounds=n           most rounds of each cell; medians are taken over them
  --ms=n               length of each measured run
  --profile=folder     write CPU profiles of all processes there
  --report-from=file   make report and chart from the samples of an earlier run`;

/** Reads the command line; throws on anything it does not know. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      ci: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      plot: { type: 'boolean', default: false },
      only: { type: 'string' },
      parts: { type: 'string' },
      rounds: { type: 'string' },
      ms: { type: 'string' },
      profile: { type: 'string' },
      'report-from': { type: 'string' },
    },
  });
  const { ci, check, plot, only, parts, rounds, ms, profile } = values;
  const quick = values.quick || check;
  const isPartial =
    check ||
    [only, parts, rounds, ms, profile].some((value) => value !== undefined);
  return {
    kind: isPartial ? 'partial' : quick ? 'quick' : 'full',
    quick,
    ci,
    check,
    plot,
    only: list(only),
    parts: list(parts)?.map(partOf) ?? (check ? CHECKED_PARTS : PART_OPTIONS),
    rounds: count('rounds', rounds) ?? (check ? 2 : quick ? 3 : 5),
    measureMs: count('ms', ms) ?? (quick ? 250 : 1_000),
    warmUpMs: quick ? 400 : 1_000,
    profile,
    reportFrom: values['report-from'],
  };
}

function partOf(name: string): PartOption {
  const part = PART_OPTIONS.find((known) => known === name);
  if (part) {
    return part;
  }
  throw new Error(`--parts=${name}: there is no such part`);
}

function list(value: string | undefined): string[] | undefined {
  return value?.split(',').map((item) => item.trim());
}

function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) {
    return number;
  }
  throw new Error(`--${name}=${value}: write a whole number above 0`);
}
