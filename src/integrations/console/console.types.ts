import type { JsonObject, PeerLane, PeerState } from '../../index.js';
import type { JobReport } from '../schedule/index.js';

/** Messages of one peer. */
export interface Rates {
  /** A second, over the last ten. */
  sent: number;
  received: number;
  /** Since the start, by code: `TIMEOUT`, `CONNECTION_LOST` and so on. */
  failures: Record<string, number>;
  /** Requests that it refused since the start, by reason. */
  refusals: Record<string, number>;
}

/** What a peer says about itself and about the others. */
export interface PeerReport {
  /** Of the package. */
  version: string;
  /** Of the app, as its options say. */
  appVersion: string | undefined;
  node: string;
  /** Seconds since the start of the process. */
  uptime: number;
  /** Bytes of the process in memory. */
  memory: number;
  /** A short name for the ids on its list: equal lists have equal ones. */
  list: string;
  /** Ids that it suspects. */
  suspects: string[];
  /** Where its list is another than that of the peer that asks: all ids on it. */
  members: string[] | undefined;
  rates: Rates;
}

/** A member as the console shows it. */
export interface MemberView {
  id: string;
  /** `data.name` where that is a text. */
  name: string | undefined;
  ip: string;
  port: number;
  state: PeerState;
  since: Date;
  data: JsonObject;
  features: readonly string[];
  isSelf: boolean;
  /** What it says itself; undefined where it did not answer. */
  report: PeerReport | undefined;
  /** Why there is no report. */
  silence: string | undefined;
  /** How messages of this peer to it travel; undefined for itself, and before the first one. */
  lane: PeerLane | undefined;
  /** Ms of the last questions of this peer to it; undefined before the first answer. */
  roundTrip: { p50: number; p99: number } | undefined;
}

/** The whole cloud, as one peer sees it. */
export interface CloudView {
  /** When it was looked at. */
  at: Date;
  self: string;
  members: MemberView[];
  jobs: JobReport[];
}

/** A line of the console's event log. */
export interface ConsoleEvent {
  /** Counts up from 1. */
  number: number;
  at: Date;
  type: string;
  text: string;
}
