import {
  REQUEST_REPLY_CELLS,
  requestReplyCell,
  type RequestReplyCell,
} from '../parts/request-reply.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

/** Rates, latencies and costs of messages between two peers. */
export function requestReplyTables(findings: Findings): Table[] {
  const cells = REQUEST_REPLY_CELLS.filter((cell) =>
    findings.contenders.some((one) => has(findings, one.id, cell)),
  );
  if (cells.length === 0) {
    return [];
  }
  const head = ['', ...cells.map(titleOf)];
  return [
    {
      title: 'Request/reply: thousands of messages a second',
      note: 'Size of the body (the reply is its echo) × messages in flight. ✗: errors, see the end.',
      head,
      rows: rows(findings, cells, ({ rate }) => format(rate && rate / 1000)),
    },
    {
      title: 'Request/reply: p50 / p99 in ms',
      head,
      rows: rows(
        findings,
        cells,
        ({ p50, p99 }) => `${format(p50)} / ${format(p99)}`,
      ),
    },
    {
      title: 'Request/reply: CPU for each message in µs',
      note: 'Sender + receiver (+ broker).',
      head,
      rows: rows(findings, cells, costOf),
    },
  ];
}

type Metrics = Partial<Record<string, number>>;
const METRICS = ['rate', 'p50', 'p99', 'cpuClient', 'cpuServer', 'cpuBroker'];

function rows(
  findings: Findings,
  cells: readonly RequestReplyCell[],
  show: (metrics: Metrics) => string,
): string[][] {
  return findings.contenders
    .filter((one) => one.parts.includes('request-reply'))
    .map(({ id, title }) => [
      title,
      ...cells.map((cell) => {
        const failed = findings.samples.failure(requestReplyCell(cell), id);
        const mark = failed === undefined ? '' : ' ✗';
        if (!has(findings, id, cell)) {
          return failed === undefined ? '–' : '✗';
        }
        return show(metricsOf(findings, id, cell)) + mark;
      }),
    ]);
}

function costOf({ cpuClient, cpuServer, cpuBroker }: Metrics): string {
  const sides = [cpuClient, cpuServer];
  if (cpuBroker !== undefined) {
    sides.push(cpuBroker);
  }
  return sides.map(format).join(' + ');
}

function metricsOf(
  { samples }: Findings,
  contender: string,
  cell: RequestReplyCell,
): Metrics {
  const name = requestReplyCell(cell);
  return Object.fromEntries(
    METRICS.map((metric) => [
      metric,
      samples.median({ cell: name, contender, metric }),
    ]),
  );
}

function has(findings: Findings, id: string, cell: RequestReplyCell): boolean {
  return metricsOf(findings, id, cell)['rate'] !== undefined;
}

function titleOf({ bytes, inFlight }: RequestReplyCell): string {
  const size = bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
  return `${size} × ${inFlight}`;
}
