import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('measure-row.js', import.meta.url));

/** Measures a row in a process of its own, so that its memory is its own, and several run at once. */
export function measureRow(
  name: string,
  seed: number,
): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [name, String(seed)], {
      serialization: 'advanced', // JSON has no Infinity
    });
    child.once('message', (values) =>
      resolve(values as Record<string, number>),
    );
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`the process ended with ${code}`)),
    );
  });
}
