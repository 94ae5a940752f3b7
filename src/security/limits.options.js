import { readNumber, readObject } from '../options/option-checks.js';
const RULES = {
  maxDataBytes: { default: 64 * 1024, min: 2, max: 16 * 1024 * 1024 },
  maxAnswerBytes: { default: 16 * 1024 * 1024, min: 1024, max: 2 ** 30 },
  maxJsonDepth: { default: 128, min: 8, max: 1000 },
  joinsPerMinute: { default: 6000, min: 1, max: 1_000_000 },
  joinsPerMinutePerAddress: { default: 1200, min: 1, max: 1_000_000 },
  maxConcurrentJoins: { default: 256, min: 1, max: 100_000 },
  maxRequestsPerSender: { default: 1024, min: 1, max: 1_000_000 },
  maxRequests: { default: 10_000, min: 1, max: 10_000_000 },
  maxHeaderBytes: { default: 16 * 1024, min: 2048, max: 1024 * 1024 },
  maxConnections: { default: 20_000, min: 1, max: 1_000_000 },
  headersTimeout: { default: 10_000, min: 100, max: 600_000 },
  bodyTimeout: { default: 30_000, min: 100, max: 600_000 },
  connectionsPerPeer: { default: 32, min: 1, max: 10_000 },
  maxConnectedPeers: { default: 512, min: 1, max: 100_000 },
};
/** Reads the limits; throws an OptionsError that names the wrong one. */
export function resolveLimitOptions(input, path) {
  const names = Object.keys(RULES);
  const options = readObject(input, path, names);
  const entries = names.map((name) => [
    name,
    readNumber(options[name], `${path}.${name}`, {
      ...RULES[name],
      integer: true,
    }),
  ]);
  return Object.fromEntries(entries);
}
//# sourceMappingURL=limits.options.js.map
