import { DEFAULT_PORT, MAX_ID_LENGTH } from '../wire/endpoints.js';
import type { OptionTable } from './read-section.js';

/*
 * Every option with its least value, its greatest and its default, in this order. What it does and what
 * it trades says the comment in the interface of its section. `npm run docs:options` writes
 * docs/options.md from both.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Longest wait that a Node timer can do, in ms. */
const MAX_TIMER = 2 ** 31 - 1;

export const PEER_CLOUD = {
  peers: { type: 'other' },
  data: { type: 'other' },
  cloud: { type: 'string' },
  id: { type: 'other' },
  ip: { type: 'other' },
  port: { type: 'integer', min: 1, max: 65_535 },
  listener: { type: 'other' },
  transport: { type: 'other' },
  requestTimeout: ms(1, MAX_TIMER, 1000),
  messageTimeout: ms(1, MAX_TIMER, 5000),
  shutdownTimeout: { type: 'number', min: 0, max: MAX_TIMER, unit: 'ms' },
  maxMessageBytes: bytes(KIB, 2 ** 30, MIB),
  maxPeers: count(1, 1_000_000, 10_000),
  healthCheck: { type: 'other' },
  membership: { type: 'other' },
  messaging: { type: 'other' },
  keys: { type: 'other' },
  security: { type: 'other' },
  observe: { type: 'other' },
  tls: { type: 'other' },
  limits: { type: 'other' },
  addresses: { type: 'other' },
  enabled: { type: 'boolean', default: true },
} as const satisfies OptionTable;

export const LISTENER = {
  port: count(0, 65_535, DEFAULT_PORT),
  host: { type: 'string' },
} as const satisfies OptionTable;

export const HEALTH_CHECK = {
  cron: { type: 'string', default: '* * * * * *' },
} as const satisfies OptionTable;

/** The defaults are those of the profile `lan`; `MEMBERSHIP_PROFILES` below has what the others change. */
export const MEMBERSHIP = {
  profile: { type: 'choice', choices: ['lan', 'wan', 'local'], default: 'lan' },
  probeTimeout: ms(10, 60_000, 250),
  probeTries: count(1, 5, 2),
  indirectProbes: count(0, 20, 3),
  suspicionMultiplier: number(0.1, 100, 4),
  suspicionMaxFactor: number(1, 100, 6),
  suspicionConfirmations: count(0, 20, 3),
  maxLocalHealth: count(0, 100, 8),
  directThreshold: count(0, 100_000, 32),
  gossipInterval: ms(10, 60_000, 200),
  gossipFanout: count(1, 20, 3),
  gossipMultiplier: number(1, 100, 4),
  gossipMinSends: count(1, 1000, 12),
  syncInterval: ms(100, 3_600_000, 10_000),
  redialRate: number(0, 1000, 3),
  deadMemoryHours: { ...number(0, 8760, 24), unit: 'hours' },
  joinTimeout: ms(100, 120_000, 3000),
  joinRetryMin: ms(10, 600_000, 500),
  joinRetryMax: ms(10, 3_600_000, 10_000),
  rejoinInterval: ms(10, 600_000, 2000),
  legacyAuditInterval: ms(1000, 3_600_000, 30_000),
  hearsayQuota: count(1, 10_000_000, 10_000),
} as const satisfies OptionTable;

/**
 * What the profiles change, as in memberlist: `lan` is for one data centre, `wan` for peers far apart
 * (longer waits, wider gossip), `local` for one machine (nothing is slow, everything at once).
 */
export const MEMBERSHIP_PROFILES = {
  lan: {},
  wan: {
    probeTimeout: 1000,
    suspicionMultiplier: 6,
    gossipInterval: 500,
    gossipFanout: 4,
    syncInterval: 30_000,
    joinTimeout: 6000,
    joinRetryMin: 1000,
    rejoinInterval: 5000,
  },
  local: {
    probeTimeout: 200,
    indirectProbes: 1,
    suspicionMultiplier: 2,
    gossipInterval: 100,
    syncInterval: 5000,
    joinRetryMin: 200,
    joinRetryMax: 5000,
    rejoinInterval: 1000,
  },
} as const satisfies Record<
  string,
  Partial<Record<keyof typeof MEMBERSHIP, number>>
>;

export const MESSAGING = {
  broadcastConcurrency: count(1, 100_000, 512),
  stream: { type: 'other' },
  inheritAppConfig: { type: 'boolean', default: false },
} as const satisfies OptionTable;

export const KEYS = {
  weight: number(0.001, 1000, 1),
  eligible: { type: 'boolean', default: true },
} as const satisfies OptionTable;

export const STREAM = {
  maxStreams: count(1, 100_000, 512),
  maxInFlight: count(1, 1_000_000, 2048),
  maxQueuedBytes: bytes(KIB, 2 ** 31, 8 * MIB),
  openTimeout: wholeMs(10, 60_000, 2000),
  idleTimeout: wholeMs(100, 86_400_000, 60_000),
  heartbeatInterval: wholeMs(50, 600_000, 30_000),
} as const satisfies OptionTable;

export const SECURITY = {
  secret: { type: 'other' },
  privateKey: { type: 'other' },
  trustedKeys: { type: 'other' },
  clockSkew: ms(0, 300_000, 10_000),
  authorize: { type: 'other' },
} as const satisfies OptionTable;

export const OBSERVE = {
  remote: { type: 'boolean', default: false },
  rotate: { type: 'boolean', default: false },
} as const satisfies OptionTable;

export const TLS = {
  cert: { type: 'other' },
  key: { type: 'other' },
  ca: { type: 'other' },
  passphrase: { type: 'other' },
  mutual: { type: 'boolean' },
  servername: { type: 'string' },
  reload: { type: 'other' },
  reloadInterval: ms(1000, MAX_TIMER, 3_600_000),
} as const satisfies OptionTable;

export const ADDRESSES = {
  allow: { type: 'other' },
  deny: { type: 'other' },
  public: { type: 'boolean' },
  privilegedPorts: { type: 'boolean', default: false },
} as const satisfies OptionTable;

export const LIMITS = {
  // Half of what one body of /sync may have, so that every record fits in.
  maxDataBytes: bytes(2, 256 * KIB, 64 * KIB),
  maxAnswerBytes: bytes(KIB, 2 ** 30, 16 * MIB),
  maxJsonDepth: count(48, 1000, 128),
  // A UUID and the thumbprint of a key are ids at least.
  maxIdLength: count(43, MAX_ID_LENGTH, MAX_ID_LENGTH),
  joinsPerMinute: count(1, 1_000_000, 6000),
  joinsPerMinutePerAddress: count(1, 1_000_000, 1200),
  maxConcurrentJoins: count(1, 100_000, 256),
  maxRequestsPerSender: count(1, 1_000_000, 1024),
  maxRequests: count(1, 10_000_000, 10_000),
  maxIncomingBytes: bytes(KIB, 2 ** 36, 256 * MIB),
  maxStreamsPerSender: count(2, 1000, 4),
  maxRequestsToPeer: count(1, 10_000_000, 10_000),
  maxHeaderBytes: bytes(2 * KIB, MIB, 16 * KIB),
  maxConnections: count(1, 1_000_000, 20_000),
  headersTimeout: wholeMs(100, 600_000, 10_000),
  bodyTimeout: wholeMs(100, 600_000, 30_000),
  connectionsPerPeer: count(1, 10_000, 32),
  maxConnectedPeers: count(1, 100_000, 512),
  maxListBytes: bytes(KIB, 2 ** 36, 64 * MIB),
  maxHearsay: count(1, 10_000_000, 1000),
  reportsPerMinute: count(1, 1_000_000, 100),
  maxTombstones: count(16, 1_000_000, 8192),
  maxJoinChecks: count(1, 10_000, 16),
  maxWaitingJoins: count(0, 1_000_000, 1024),
  maxVerifications: count(1, 10_000, 16),
  maxWaitingVerifications: count(0, 1_000_000, 16_384),
  maxGossipQueue: count(16, 1_000_000, 4096),
} as const satisfies OptionTable;

function number(min: number, max: number, fallback: number) {
  return { type: 'number', min, max, default: fallback } as const;
}

function count(min: number, max: number, fallback: number) {
  return { type: 'integer', min, max, default: fallback } as const;
}

function bytes(min: number, max: number, fallback: number) {
  return { ...count(min, max, fallback), unit: 'bytes' } as const;
}

function ms(min: number, max: number, fallback: number) {
  return { ...number(min, max, fallback), unit: 'ms' } as const;
}

function wholeMs(min: number, max: number, fallback: number) {
  return { ...count(min, max, fallback), unit: 'ms' } as const;
}
