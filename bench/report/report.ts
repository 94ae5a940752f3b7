import { arch, availableParallelism, cpus, platform } from 'node:os';
import type { BenchContext } from '../runner/bench-context.js';
import { floorTable } from './floor-table.js';
import { otherTables } from './other-tables.js';
import { requestReplyTables } from './request-reply-tables.js';
import { renderTable } from './table.js';

/** The whole report as Markdown. */
export function report(
  context: BenchContext,
  skipped: ReadonlyMap<string, string>,
): string {
  const tables = [
    floorTable(context.samples),
    ...requestReplyTables(context),
    ...otherTables(context),
  ];
  return [
    '# Benchmarks',
    environment(context),
    ...tables.map(renderTable),
    ...notes('Skipped', [...skipped]),
    ...notes('Errors (✗)', context.samples.allFailures()),
    '',
  ].join('\n\n');
}

function environment({ options }: BenchContext): string {
  const cpu = cpus()[0]?.model ?? 'unknown processor';
  return [
    `${options.quick ? 'Quick run' : 'Full run'}: ${options.rounds} rounds of ${options.measureMs} ms a cell, medians.`,
    `Node ${process.version}, ${platform()} ${arch()}, ${availableParallelism()} cores of ${cpu}.`,
    'Each contender has one process for the sender and others for the peers that answer, all on loopback.',
    'Figures of one run compare with each other, not with those of another run or machine.',
  ].join(' ');
}

function notes(title: string, entries: [string, string][]): string[] {
  if (entries.length === 0) return [];
  const lines = entries.map(([what, why]) => `- ${what}: ${why}`);
  return [[`## ${title}`, '', ...lines].join('\n')];
}
