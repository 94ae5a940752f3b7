import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import { STALL_MAX, Staller } from '../cloud/staller.js';

/** What each peer sends in a second, on average. */
export interface Load {
  requests: number;
  /** Bytes of JSON in requests and answers. */
  bytes: number;
  /** Requests by endpoint. */
  byEndpoint: Record<string, number>;
}

/** Measures the traffic until the returned function is called. */
export function measureLoad(cloud: SimulatedCloud): () => Load {
  const { meter } = cloud.network;
  const before = meter.total();
  const beforeByEndpoint = meter.requests();
  const start = cloud.clock.monotonic();
  return () => {
    const peerSeconds =
      (cloud.running.length * (cloud.clock.monotonic() - start)) / 1000;
    const { requests, bytes } = meter.total();
    const byEndpoint: Record<string, number> = {};
    for (const [endpoint, count] of meter.requests()) {
      byEndpoint[endpoint] =
        (count - (beforeByEndpoint.get(endpoint) ?? 0)) / peerSeconds;
    }
    return {
      requests: (requests - before.requests) / peerSeconds,
      bytes: (bytes - before.bytes) / peerSeconds,
      byEndpoint,
    };
  };
}

/** The load of a cloud to which nothing is done meanwhile. */
export async function loadFor(
  cloud: SimulatedCloud,
  ms: number,
): Promise<Load> {
  const measured = measureLoad(cloud);
  await cloud.clock.run(ms);
  return measured();
}

/** The load while a share of the peers is stalled at any time, once stalls of all ages are under way. */
export async function loadUnderStalls(
  cloud: SimulatedCloud,
  share: number,
  ms: number,
): Promise<Load> {
  new Staller(cloud, share).start();
  await cloud.clock.run(STALL_MAX);
  return loadFor(cloud, ms);
}
