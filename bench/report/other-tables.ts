import { BROADCAST_CELLS, BROADCAST_PEERS } from '../parts/broadcast.js';
import { START_UP_APPS } from '../parts/start-up.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** Broadcasts, messages at given times, memory and start-up. */
export function otherTables(findings: Findings): Table[] {
  return [
    broadcastTable(findings),
    lightTable(findings),
    openLoopTable(findings),
    memoryTable(findings),
    startUpTable(findings),
  ];
}

type Show = (metric: string, cell: string, scale?: number) => string;

/** One row for each contender that has any figure. */
function rows(
  findings: Findings,
  columns: (show: Show, id: string) => string[],
): string[][] {
  return findings.contenders
    .map(({ id, title }) => {
      const show: Show = (metric, cell, scale = 1) => {
        const value = findings.samples.median({ cell, contender: id, metric });
        return format(value === undefined ? undefined : value / scale);
      };
      return [title, ...columns(show, id)];
    })
    .filter((row) => row.slice(1).some((cell) => /\d/.test(cell)));
}

function broadcastTable(findings: Findings): Table {
  return {
    title: 'Broadcast of 60 B: ms until all replies are in',
    note: 'The peers share one process, or have one each, which are more than the machine has cores.',
    head: ['', ...BROADCAST_CELLS.map(([, what]) => `${what}, p50 / p99`)],
    rows: rows(findings, (show) =>
      BROADCAST_CELLS.map(
        ([cell]) => `${show('p50', cell)} / ${show('p99', cell)}`,
      ),
    ),
  };
}

function lightTable(findings: Findings): Table {
  return {
    title: 'A light message beside heavy ones: p50 / p99 in ms',
    note: '1,000 messages of 60 B a second at random times; latency counts from when each was due. Beside them: 20 messages of 256 KiB a second from the same sender to the same peer.',
    head: ['', 'without', 'with'],
    rows: rows(findings, (show) =>
      ['light-beside-heavy/without', 'light-beside-heavy/with'].map(
        (cell) => `${show('p50', cell)} / ${show('p99', cell)}`,
      ),
    ),
  };
}

function openLoopTable(findings: Findings): Table {
  return {
    title: 'Open loop: p50 / p99 / p99.9 in ms',
    note: 'Messages of 60 B at random times, whatever becomes of those before; latency counts from when each was due.',
    head: ['', 'at half of the own peak', '(1,000/s)', "at half of Nest TCP's"],
    rows: rows(findings, (show) => {
      const [own, common] = ['open-loop/own', 'open-loop/common'].map((cell) =>
        ['p50', 'p99', 'p999'].map((metric) => show(metric, cell)).join(' / '),
      );
      return [own!, show('rate', 'open-loop/own', 1000), common!];
    }),
  };
}

function memoryTable(findings: Findings): Table {
  const { samples } = findings;
  const [few, many] = BROADCAST_PEERS;
  return {
    title: 'Memory',
    note: 'MiB of a process with one idle peer (resident); KiB of heap at the sender for each extra peer, before the first message and after a broadcast.',
    head: ['', 'idle peer', 'extra peer', 'extra peer, used'],
    rows: rows(findings, (show, contender) => {
      const slope = (metric: string): string => {
        const at = (peers: number): number | undefined =>
          samples.median({ cell: `memory/${peers}`, contender, metric });
        const low = at(few);
        const high = at(many);
        return low === undefined || high === undefined
          ? '–'
          : format((high - low) / (many - few) / KIB);
      };
      const idle = show('rss', 'memory/idle', MIB);
      return [idle, slope('heapIdle'), slope('heapUsed')];
    }),
  };
}

function startUpTable(findings: Findings): Table {
  const { samples } = findings;
  const cell = 'start-up';
  return {
    title: 'Start-up of a Nest app',
    note: 'From the start of the process until it listens; all import the same third-party packages.',
    head: ['', 'ms', 'resident MiB'],
    rows: START_UP_APPS.filter(
      (contender) =>
        samples.values({ cell, contender, metric: 'ms' }).length > 0,
    ).map((contender) => [
      contender.replaceAll('-', ' '),
      format(samples.median({ cell, contender, metric: 'ms' })),
      format(samples.median({ cell, contender, metric: 'rss' })! / MIB),
    ]),
  };
}
