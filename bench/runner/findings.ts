import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform } from 'node:os';
import { dirname } from 'node:path';
import type { Contender } from '../contender.js';
import type { BenchOptions } from '../options.js';
import { Samples, type SavedSamples } from './samples.js';

/** What a report says about a contender. */
export type ReportedContender = Pick<Contender, 'title' | 'parts'> & {
  id: string;
};

/** Everything that a report is made from. */
export interface Findings {
  options: BenchOptions;
  /** Of the code that was measured. */
  commit: string;
  /** Where it was measured. */
  machine: string;
  contenders: readonly ReportedContender[];
  /** Contenders that did not take part, with the reason. */
  skipped: ReadonlyMap<string, string>;
  samples: Samples;
}

interface SavedFindings {
  options: BenchOptions;
  commit: string;
  machine: string;
  contenders: ReportedContender[];
  skipped: [string, string][];
  samples: SavedSamples;
}

/** One line about this machine. */
export function thisMachine(): string {
  const cpu = cpus()[0]?.model ?? 'unknown processor';
  return `Node ${process.version}, ${platform()} ${arch()}, ${availableParallelism()} cores of ${cpu}`;
}

/** As git names it, with a word where files have been changed since. */
export function thisCommit(): string {
  try {
    const hash = execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return hash.trim();
  } catch {
    return 'unknown';
  }
}

/** Keeps the findings, so that a report can be made from them again. */
export async function saveFindings(
  file: string,
  { options, commit, machine, contenders, skipped, samples }: Findings,
): Promise<void> {
  const saved: SavedFindings = {
    options,
    commit,
    machine,
    contenders: contenders.map(({ id, title, parts }) => ({
      id,
      title,
      parts,
    })),
    skipped: [...skipped],
    samples: samples.toJSON(),
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(saved));
}

export async function loadFindings(file: string): Promise<Findings> {
  const saved = JSON.parse(await readFile(file, 'utf8')) as SavedFindings;
  return {
    ...saved,
    skipped: new Map(saved.skipped),
    samples: new Samples(saved.samples),
  };
}
