import { isDeepStrictEqual } from 'node:util';
import type { SimulatedCloud } from './simulated-cloud.js';
import type { SimulatedPeer } from './simulated-peer.js';

/**
 * Compares the lists of all running peers, with addresses and data, with the truth.
 * @returns what is wrong with the first list that is not exactly right, or undefined
 */
export function disagreement(
  cloud: SimulatedCloud,
  among: readonly SimulatedPeer[] = cloud.running,
): string | undefined {
  // The cheap look first: while a cloud comes together most lists have the wrong length.
  for (const peer of among) {
    if (peer.core.members().length !== among.length - 1) {
      return `${nameOf(peer)} has ${peer.core.members().length} members, not ${among.length - 1}`;
    }
  }
  for (const peer of among) {
    for (const other of among) {
      if (peer === other) {
        continue;
      }
      const member = peer.core.get(other.id);
      if (!member) {
        return `${nameOf(peer)} misses ${nameOf(other)}`;
      }
      if (member.ip !== other.ip || member.port !== other.port) {
        return `${nameOf(peer)} has ${nameOf(other)} at ${member.ip}:${member.port}`;
      }
      const { data } = other.core.self;
      if (member.data !== data && !isDeepStrictEqual(member.data, data)) {
        return `${nameOf(peer)} has other data of ${nameOf(other)}`;
      }
    }
  }
  return undefined;
}

/** True when all running peers have exactly each other on their lists. */
export function agrees(
  cloud: SimulatedCloud,
  among?: readonly SimulatedPeer[],
): boolean {
  return disagreement(cloud, among) === undefined;
}

/**
 * Lets time pass until all lists are exactly right.
 * @returns how many virtual ms that took; Infinity if it took longer than `timeout`
 */
export async function untilAgreed(
  cloud: SimulatedCloud,
  timeout: number,
  among?: () => readonly SimulatedPeer[],
): Promise<number> {
  const start = cloud.clock.monotonic();
  const agreed = await cloud.clock.runUntil(() => agrees(cloud, among?.()), {
    timeout,
    every: 100,
  });
  return agreed ? cloud.clock.monotonic() - start : Infinity;
}

/** A peer's address as a short name for reports. */
function nameOf(peer: SimulatedPeer): string {
  return `${peer.ip} (${peer.id.slice(0, 8)})`;
}
