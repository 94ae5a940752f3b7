import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SimulatedCloud } from '../cloud/simulated-cloud.js';

/** Bytes that each entry of each peer's list takes in this process, all included. */
export function memoryPerMember(cloud: SimulatedCloud, before: number): number {
  const peers = cloud.running.length;
  return (heapInUse() - before) / (peers * (peers - 1));
}

/** Bytes in use after a garbage collection. */
export function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
