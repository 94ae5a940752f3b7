import {
  FETCH_REPLICAS,
  fetchCell,
  ROOM_SIZES,
  roomCell,
} from '../parts/sockets.js';
import type { Findings } from '../runner/findings.js';
import { SOCKET_ADAPTERS } from '../sockets/socket-adapters.js';
import { format, type Table } from './table.js';

/** Socket.IO servers that are one by different adapters. */
export function socketsTables(findings: Findings): Table[] {
  return [roomTable(findings), fetchTable(findings)];
}

function roomTable({ samples }: Findings): Table {
  return {
    title: 'Socket.IO: broadcasts of 60 B to a room, three replicas',
    note: 'A broadcast is over when its last client has it. Broadcasts a second with 8 under way; CPU in µs of one of them, of the three servers and Redis together; p50 / p99 in ms with one under way. The clients are bare WebSockets in a process of their own. The limit: servers without an adapter, each of which is told to broadcast to its own clients; what is missing to 1 is the cost of the adapter.',
    head: [
      '',
      ...ROOM_SIZES.flatMap((clients) => [
        `${clients} clients, /s`,
        'of limit',
        'CPU',
        'p50 / p99',
      ]),
    ],
    rows: rows(({ contender, mark }) =>
      ROOM_SIZES.flatMap((clients) => {
        const cell = roomCell(clients);
        const show = (metric: string) =>
          format(samples.median({ cell, contender, metric }));
        const rateOf = (of: string) =>
          samples.median({ cell, contender: of, metric: 'rate' }) ?? NaN;
        return [
          show('rate') + mark(samples.failure(cell, contender)),
          format(rateOf(contender) / rateOf('no-adapter-sockets')),
          show('cpu'),
          `${show('p50')} / ${show('p99')}`,
        ];
      }),
    ),
  };
}

function fetchTable({ samples }: Findings): Table {
  return {
    title: 'Socket.IO: fetchSockets(), p50 / p99 in ms',
    note: 'One call after another, ten clients at each replica; the sixteen replicas share four processes.',
    head: ['', ...FETCH_REPLICAS.map((replicas) => `${replicas} replicas`)],
    rows: rows(({ contender, mark }) =>
      FETCH_REPLICAS.map((replicas) => {
        const cell = fetchCell(replicas);
        const [p50, p99] = ['p50', 'p99'].map((metric) =>
          format(samples.median({ cell, contender, metric })),
        );
        return `${p50} / ${p99}${mark(samples.failure(cell, contender))}`;
      }),
    ),
  };
}

function rows(
  columns: (of: {
    contender: string;
    mark: (failure: string | undefined) => string;
  }) => string[],
): string[][] {
  const mark = (failure: string | undefined) => (failure ? ' ✗' : '');
  return Object.entries(SOCKET_ADAPTERS)
    .map(([contender, title]) => [title, ...columns({ contender, mark })])
    .filter((row) => row.slice(1).some((cell) => /\d/.test(cell)));
}
