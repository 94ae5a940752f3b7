import { parseArgs } from 'node:util';

/** What to measure and for how long. */
export interface BenchOptions {
  /** Shorter runs, fewer cells and rounds: some three minutes in all. */
  quick: boolean;
  /** Only whether every contender answers: some seconds in all. */
  ci: boolean;
  /** Also draw `bench/results.svg`. */
  plot: boolean;
  /** Contenders to take (names of the files in `contenders/`). Default: all. */
  only: string[] | undefined;
  /** Parts to run. Default: all. */
  parts: string[] | undefined;
  rounds: number;
  /** Ms of each measured run. */
  measureMs: number;
  /** Ms for the compiler to find out what is hot. */
  warmUpMs: number;
  /** Folder for CPU profiles of all processes. Default: none are written. */
  profile: string | undefined;
}

/** How to call the bench. */
export const USAGE = `npm run bench -- [options]
  --quick              fewer cells and rounds, some three minutes
  --ci                 only whether every contender answers
  --plot               also write bench/results.svg
  --only=a,b           contenders (file names in bench/contenders)
  --parts=a,b          parts: request-reply, broadcast, light-beside-heavy, open-loop, growth, start-up
  --rounds=n           rounds of each cell; medians are taken over them
  --ms=n               length of each measured run
  --profile=folder     write CPU profiles of all processes there`;

/** Reads the command line; throws on anything it does not know. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      ci: { type: 'boolean', default: false },
      plot: { type: 'boolean', default: false },
      only: { type: 'string' },
      parts: { type: 'string' },
      rounds: { type: 'string' },
      ms: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const { quick, ci, plot, profile } = values;
  const measureMs = count('ms', values.ms) ?? (quick ? 250 : 1_000);
  return {
    quick,
    ci,
    plot,
    only: list(values.only),
    parts: list(values.parts),
    rounds: count('rounds', values.rounds) ?? (quick ? 3 : 5),
    measureMs,
    warmUpMs: quick ? 400 : 1_500,
    profile,
  };
}

function list(value: string | undefined): string[] | undefined {
  return value?.split(',').map((item) => item.trim());
}

function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${name}=${value}: write a whole number above 0`);
}
