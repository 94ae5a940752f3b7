import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.js';

export interface Setup {
  env?: Record<string, string>;
  stdin?: string;
  /** Characters of the terminal's line; none: a pipe. */
  columns?: number;
  /** Told of each piece of the output. */
  onText?: (text: string) => void;
}

export interface Result {
  code: number;
  out: string;
  err: string;
}

/** Runs the command in this process. */
export async function run(
  argv: readonly string[],
  { env = {}, stdin = '', columns, onText }: Setup = {},
): Promise<Result> {
  const result = { code: -1, out: '', err: '' };
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  result.code = await main(argv, {
    env,
    stdin: (async function* () {
      yield await Promise.resolve(stdin);
    })(),
    stdout: {
      ...terminal,
      write: (text) => {
        result.out += text;
        onText?.(text);
      },
    },
    stderr: { ...terminal, write: (text) => (result.err += text) },
  });
  return result;
}

/** The JSON values of an output, a line each. */
export function linesOf<T>({ out }: Result): T[] {
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

const folders: string[] = [];

/** Writes a file and gives its path. */
export function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'command-'));
  folders.push(folder);
  const file = join(folder, 'file');
  writeFileSync(file, text);
  return file;
}

/** For `afterAll`. */
export function removeFiles(): void {
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true });
  }
}
