import {
  logNormalLatency,
  type Latency,
} from '../../src/testing/network/latency.js';

/** Names of the core's parameter sets. */
export const PROFILES = ['lan', 'wan', 'local'] as const;

export type Profile = (typeof PROFILES)[number];

/** What kind of network and peers a simulated cloud has. */
export interface CloudOptions {
  /** Everything that looks like chance follows from it. */
  seed: number;
  /** Probability that one direction of an exchange is lost; default 0. */
  loss?: number;
  /** The core's parameters, and the latency that goes with them; default `lan`. */
  profile?: Profile;
  /** Ms that one direction of an exchange takes of a processor that all peers share; default: none. */
  work?: number;
  /** Most ms by which a peer's clock is ahead or behind; default 2,000. */
  skew?: number;
  /** Whether bodies are copied as JSON or shared between peers; default `share`. */
  bodies?: 'copy' | 'share';
}

/** One direction of an exchange, by profile: medians in ms of a data centre, of the world, of one machine. */
export const LATENCIES: Readonly<Record<Profile, Latency>> = {
  lan: logNormalLatency(2, 0.8),
  wan: logNormalLatency(40, 0.5),
  local: logNormalLatency(0.2, 0.8),
};

/** Default of `skew`. */
export const CLOCK_SKEW = 2000;
