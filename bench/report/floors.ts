import type { FigureKey, Samples } from '../runner/samples.js';

/** What must hold between two figures of the same run. */
export interface Floor {
  what: string;
  against: string;
  ours: FigureKey;
  /** Nothing where ours is compared with the value itself. */
  other?: FigureKey;
  /** `ratio`: ours divided by the other; `difference`: ours minus the other; `alone`: ours. */
  compare: 'ratio' | 'difference' | 'alone';
  /** Whether the bound is the least or the most that is allowed. */
  bound: 'at least' | 'at most';
  value: number;
  unit?: string;
}

const STREAM = 'ours-stream-express';
const MESSAGE = 'ours-message-express';
const CELL = 'request-reply/60/64';

function figure(contender: string, cell: string, metric: string): FigureKey {
  return { contender, cell, metric };
}

function rateFloor(
  what: string,
  [ours, other, against]: [ours: string, other: string, against: string],
  value: number,
  cell = CELL,
): Floor {
  return {
    what,
    against,
    ours: figure(ours, cell, 'rate'),
    other: figure(other, cell, 'rate'),
    compare: 'ratio',
    bound: 'at least',
    value,
  };
}

const SOCKETS = 'ours-sockets';
const REDIS_SOCKETS = [
  ['redis-sockets', '@socket.io/redis-adapter'],
  ['redis-streams-sockets', '@socket.io/redis-streams-adapter'],
] as const;

/** Broadcasts to a room, and who is there. */
const SOCKET_FLOORS = REDIS_SOCKETS.flatMap(([other, against]): Floor[] => [
  rateFloor(
    'Socket.IO, broadcasts to a room of 1,000 on three replicas',
    [SOCKETS, other, against],
    1.5,
    'sockets/room/1000',
  ),
  ...[3, 16].map((replicas): Floor => {
    const cell = `sockets/fetch/${replicas}`;
    return {
      what: `Socket.IO, fetchSockets() of ${replicas} replicas, p50`,
      against,
      ours: figure(SOCKETS, cell, 'p50'),
      other: figure(other, cell, 'p50'),
      compare: 'ratio',
      bound: 'at most',
      value: 0.5,
    };
  }),
]);

/** Until all replies are in, by the number of peers and the percentile. */
const BROADCAST_FLOORS = (
  [
    [16, 'p50', 0.45],
    [64, 'p50', 0.5],
    [64, 'p99', 1],
  ] as const
).map(([peers, metric, value]): Floor => {
  const cell = `broadcast/${peers}`;
  return {
    what: `broadcast of 60 B to ${peers} peers, all replies in, ${metric}`,
    against: `Nest TCP transport to the same ${peers}`,
    ours: figure(STREAM, cell, metric),
    other: figure('nest-tcp', cell, metric),
    compare: 'ratio',
    bound: 'at most',
    value,
  };
});

/** What a peer takes that has nothing to do. */
const IDLE_FLOORS = [1, 3, 16].flatMap((processes): Floor[] => {
  const cell = `idle/${processes}`;
  const where = processes === 1 ? 'alone' : `in a cloud of ${processes}`;
  return [
    {
      what: `CPU of a process at rest, ${where}`,
      against: 'Moleculer TCP in the same cloud',
      ours: figure(STREAM, cell, 'cpu'),
      other: figure('moleculer-tcp', cell, 'cpu'),
      compare: 'ratio',
      bound: 'at most',
      value: 1,
    },
    {
      what: `its CPU, ${where}, % of a core`,
      against: 'nothing',
      ours: figure(STREAM, cell, 'cpu'),
      compare: 'alone',
      bound: 'at most',
      value: 0.2,
    },
    {
      what: `its wake-ups a second, ${where}`,
      against: 'nothing',
      ours: figure(STREAM, cell, 'wakeUps'),
      compare: 'alone',
      bound: 'at most',
      value: 5,
    },
  ];
});

/** Nest's own client over this package and over its own transports. */
const CLIENT_FLOORS = (
  [
    ['nest-tcp', 'Nest TCP transport', 2.5],
    ['nest-nats', 'Nest NATS transport', 5],
    ['nest-redis', 'Nest Redis transport', 5],
  ] as const
).map(([other, against, value]) =>
  rateFloor(
    '`ClientProxy` of `nestjs-peercloud/microservices`, 60 B, 64 in flight',
    ['ours-microservices', other, against],
    value,
  ),
);

const SAME = 'request/reply 60 B, 64 in flight, stream lane, Express, mounted';

/** Every floor, in the order of the report. */
export const FLOORS: readonly Floor[] = [
  rateFloor(SAME, [STREAM, 'nest-tcp', 'Nest TCP transport'], 3.5),
  rateFloor('the same', [STREAM, 'moleculer-tcp', 'Moleculer TCP'], 3.5),
  rateFloor('the same', [STREAM, 'peercloud', 'npm peercloud'], 15),
  rateFloor('the same', [STREAM, 'raw-net', 'raw net multiplexer'], 1),
  {
    what: 'p50 at 1 in flight',
    against: 'Nest TCP transport',
    ours: figure(STREAM, 'request-reply/60/1', 'p50'),
    other: figure('nest-tcp', 'request-reply/60/1', 'p50'),
    compare: 'ratio',
    bound: 'at most',
    value: 1,
  },
  rateFloor(
    '4 KiB, 64 in flight',
    [STREAM, 'nest-tcp', 'Nest TCP transport'],
    1.3,
    'request-reply/4096/64',
  ),
  ...[64, 256].map((inFlight) =>
    rateFloor(
      `on a channel, 60 B, ${inFlight} in flight`,
      ['ours-stream-channel', STREAM, 'the same on none'],
      0.9,
      `request-reply/60/${inFlight}`,
    ),
  ),
  ...BROADCAST_FLOORS,
  rateFloor(
    '`POST /message` to a legacy peer, 64 in flight',
    ['ours-to-legacy', 'peercloud', 'npm peercloud as the sender'],
    1.5,
  ),
  {
    what: 'p99 of a light message beside 20 of 256 KiB a second',
    against: 'the same without them',
    ours: figure(STREAM, 'light-beside-heavy/with', 'p99'),
    other: figure(STREAM, 'light-beside-heavy/without', 'p99'),
    compare: 'ratio',
    bound: 'at most',
    value: 5,
  },
  {
    what: 'start-up of an app with the module',
    against: 'an app without it that imports the same packages',
    ours: figure('with-module', 'start-up', 'ms'),
    other: figure('without-module', 'start-up', 'ms'),
    compare: 'difference',
    bound: 'at most',
    value: 100,
    unit: 'ms more',
  },
  rateFloor(
    'signed, 60 B, stream lane',
    ['ours-stream-signed', STREAM, 'unsigned'],
    0.9,
  ),
  {
    what: 'signed, p50 at 1 in flight',
    against: 'unsigned',
    ours: figure('ours-stream-signed', 'request-reply/60/1', 'p50'),
    other: figure(STREAM, 'request-reply/60/1', 'p50'),
    compare: 'ratio',
    bound: 'at most',
    value: 1.3,
  },
  rateFloor(
    'signed, 4 KiB, stream lane',
    ['ours-stream-signed', STREAM, 'unsigned'],
    0.5,
    'request-reply/4096/64',
  ),
  rateFloor(
    'signed, 60 B, `POST /message`',
    ['ours-message-signed', MESSAGE, 'unsigned'],
    0.5,
  ),
  ...CLIENT_FLOORS,
  ...SOCKET_FLOORS,
  ...IDLE_FLOORS,
];

/** Whether a floor is about that contender in that part; cells begin with the name of their part. */
export function hasFloor(
  part: string,
  contender: string,
  floors: readonly Floor[] = FLOORS,
): boolean {
  return floors.some(({ ours, other }) =>
    [ours, other].some(
      (key) => key?.contender === contender && key.cell.split('/')[0] === part,
    ),
  );
}

/** Those that a check judges: of the stream lane, and of a peer at rest. */
export const CHECKED_FLOORS: readonly Floor[] = FLOORS.filter(
  ({ ours }) => ours.contender === STREAM,
);

const CPU_METRICS = ['cpuClient', 'cpuServer'];

/**
 * A floor about rates as a ratio of CPU times for each message, both sides together: less exact about
 * what users see, and steadier on a machine that does other things too.
 */
export function judgeByCpu(floor: Floor, samples: Samples): number | undefined {
  if (floor.ours.metric !== 'rate' || !floor.other) {
    return undefined;
  }
  const cost = (key: FigureKey): number =>
    CPU_METRICS.reduce(
      (sum, metric) => sum + (samples.median({ ...key, metric }) ?? NaN),
      0,
    );
  return cost(floor.other) / cost(floor.ours);
}

/** How a floor came out; `found` is missing where one of its figures is. */
export interface Judgement {
  verdict: 'met' | 'NOT MET' | '✗ errors' | 'not measured';
  found?: number;
}

/** Metrics that say the same on a machine that has other things to do. */
const STEADY_METRICS = ['cpu', 'wakeUps'];

/**
 * Whether a floor is missed by a margin, as far as CPU tells: times and rates of a short run on a busy machine
 * prove nothing.
 */
export function isFarFrom(
  floor: Floor,
  samples: Samples,
  margin: number,
): boolean {
  const { metric } = floor.ours;
  const found = STEADY_METRICS.includes(metric)
    ? judge(floor, samples).found
    : judgeByCpu(floor, samples);
  // What else the machine does is in a share of a core, and not in a ratio of two.
  const isSteady = floor.other !== undefined || metric === 'wakeUps';
  return (
    isSteady &&
    found !== undefined &&
    !Number.isNaN(found) &&
    !holds(floor, found, margin)
  );
}

/** Whether what a floor is about could not be measured. */
export function hasFailed({ ours }: Floor, samples: Samples): boolean {
  return samples.hasFailed(ours.cell, ours.contender);
}

function holds({ bound, value }: Floor, found: number, margin = 1): boolean {
  return bound === 'at least'
    ? found >= value / margin
    : found <= value * margin;
}

/** Figures that came with errors prove nothing, so that a floor about them is not met. */
export function judge(floor: Floor, samples: Samples): Judgement {
  const { ours, other, compare } = floor;
  const keys = other ? [ours, other] : [ours];
  const hasErrors = keys.some(({ cell, contender }) =>
    samples.hasFailed(cell, contender),
  );
  const [mine, theirs = NaN] = keys.map((key) => samples.median(key) ?? NaN);
  const found =
    compare === 'ratio'
      ? mine! / theirs
      : compare === 'difference'
        ? mine! - theirs
        : mine!;
  if (Number.isNaN(found)) {
    return { verdict: hasErrors ? '✗ errors' : 'not measured' };
  }
  if (hasErrors) {
    return { verdict: '✗ errors', found };
  }
  return { verdict: holds(floor, found) ? 'met' : 'NOT MET', found };
}
