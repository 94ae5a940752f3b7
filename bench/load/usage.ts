import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds and has used so far; crosses process borders. */
export interface Usage {
  /** When, on the clock of `performance.now()` of the process. */
  at: number;
  /** CPU time in µs since its start, user and system. */
  cpuUs: number;
  rssBytes: number;
  heapBytes: number;
  /** How often its main thread has slept and woken so far; undefined where the system does not say. */
  wakeUps: number | undefined;
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
    at: performance.now(),
    wakeUps: countWakeUps(),
    cpuUs: cpu.user + cpu.system,
    rssBytes: memory.rss,
    heapBytes: memory.heapUsed + memory.external,
    sockets: countSockets(),
  };
}

function countWakeUps(): number | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
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
