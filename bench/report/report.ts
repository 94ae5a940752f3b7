import type { BenchOptions } from '../options.js';
import type { Findings } from '../runner/findings.js';
import { fanOutTable } from './fan-out-table.js';
import { floorTable } from './floor-table.js';
import { growthTable } from './growth-table.js';
import { idleTable } from './idle-table.js';
import { invalidationsTable } from './invalidations-table.js';
import { otherTables } from './other-tables.js';
import { requestReplyTables } from './request-reply-tables.js';
import { socketsTables } from './sockets-tables.js';
import { securityTable } from './security-table.js';
import { renderTable } from './table.js';

const KINDS: Record<BenchOptions['kind'], string> = {
  full: 'Full run',
  quick: 'Quick run',
  partial: 'Partial run',
};

/** The whole report as Markdown; tables of what was not measured are left out. */
export function report(findings: Findings): string {
  const tables = [
    floorTable(findings.samples),
    ...requestReplyTables(findings),
    securityTable(findings),
    ...otherTables(findings),
    growthTable(findings),
    fanOutTable(findings),
    ...socketsTables(findings),
    invalidationsTable(findings),
    idleTable(findings),
  ].filter(({ rows }) => rows.length > 0);
  return [
    '# Benchmarks',
    introduction(findings),
    ...tables.map(renderTable),
    ...notes('Skipped', [...findings.skipped]),
    ...notes('Errors (✗)', findings.samples.allFailures()),
    '',
  ].join('\n\n');
}

function introduction({ options, commit, machine }: Findings): string {
  return [
    `${KINDS[options.kind]}: up to ${options.rounds} rounds of up to ${options.measureMs} ms a cell, medians.`,
    `Commit ${commit}, ${machine}.`,
    'Each contender has one process for the sender and others for the peers that answer, all on loopback.',
    'Figures of one run compare with each other, not with those of another run or machine.',
  ].join(' ');
}

function notes(title: string, entries: [string, string][]): string[] {
  if (entries.length === 0) {
    return [];
  }
  const lines = entries.map(([what, why]) => `- ${what}: ${why}`);
  return [[`## ${title}`, '', ...lines].join('\n')];
}
