import { readFileSync } from 'node:fs';

/** Length of a kernel tick in µs on Linux, as user space sees it. */
const TICK_US = 10_000;

/** CPU time in µs that a process that is not ours to ask has used; undefined where the system does not say. */
export function processCpuUs(pid: number | undefined): number | undefined {
  if (pid === undefined) {
    return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may itself have spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return undefined;
  }
}
