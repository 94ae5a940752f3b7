import type { FigureKey } from '../runner/samples.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

type Lane = 'stream' | 'message';

/** The endings of the contenders' names. */
const UNSIGNED = 'express';
const COMPARED: readonly [what: string, ours: string, other: string][] = [
  ['signed against unsigned', 'signed', UNSIGNED],
  ['TLS against unsigned', 'tls', UNSIGNED],
  ['TLS against signed', 'tls', 'signed'],
  ['TLS and signed against unsigned', 'tls-signed', UNSIGNED],
];

const RATES: readonly [lane: Lane, cell: string][] = [
  ['stream', 'request-reply/60/64'],
  ['stream', 'request-reply/4096/64'],
  ['message', 'request-reply/60/64'],
];
const JOIN = { cell: 'join', metric: 'ms' };

/** What signatures and TLS cost, as ratios. */
export function securityTable({ samples }: Findings): Table {
  const value = (
    lane: Lane,
    ending: string,
    key: Omit<FigureKey, 'contender'>,
  ) => samples.median({ ...key, contender: `ours-${lane}-${ending}` });
  const rows = COMPARED.map(([what, ours, other]) => {
    const rates = RATES.map(([lane, cell]) => {
      const key = { cell, metric: 'rate' };
      return ratio(value(lane, ours, key), value(lane, other, key));
    });
    const joins = [ours, other].map((one) => value('stream', one, JOIN));
    return [
      what,
      ...rates,
      ratio(joins[0], joins[1]),
      joins.map(format).join(' / '),
    ];
  });
  return {
    title: 'Cost of security',
    note: 'Ratios of medians on Express. Rates at 64 in flight: 1 would cost nothing. Joins of a cloud of 10: how many times as long, and ms of both.',
    head: [
      '',
      'stream 60 B',
      'stream 4 KiB',
      '/message 60 B',
      'join',
      'join in ms',
    ],
    rows: rows.filter((row) => row.some((cell) => /^\d/.test(cell))),
  };
}

function ratio(ours: number | undefined, other: number | undefined): string {
  return format(
    ours === undefined || other === undefined ? undefined : ours / other,
  );
}
