import { readdirSync, readlinkSync } from 'node:fs';

/** What a process holds and has used so far; crosses process borders. */
export interface Usage {
  /** CPU time in µs since its start, user and system. */
  cpuUs: number;
  rssBytes: number;
  heapBytes: number;
  /** Open sockets; undefined where the system does not list them. */
  sockets: number | undefined;
}

/** Measures this process; `settle` collects garbage first, for memory figures that mean something. */
export function usage(settle: boolean): Usage {
  if (settle) {
    globalThis.gc?.();
  }
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  return {
    cpuUs: cpu.user + cpu.system,
    rssBytes: memory.rss,
    heapBytes: memory.heapUsed + memory.external,
    sockets: countSockets(),
  };
}

function countSockets(): number | undefined {
  const folder = '/proc/self/fd';
  try {
    return readdirSync(folder).filter((fd) => isSocket(`${folder}/${fd}`))
      .length;
  } catch {
    return undefined;
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false; // closed since it was listed
  }
}
