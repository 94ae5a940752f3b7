/** What the command reads and writes: the process, or a test. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends what would go on for ever. */
  readonly signal?: AbortSignal;
}

export interface Output {
  write(text: string): unknown;
  /** True for a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Characters of its line. */
  readonly columns?: number | undefined;
}

/** What was typed cannot be done, whatever the cloud is like: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The cloud could not be asked, or it said no: exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** All of the standard input, as text. */
export async function readAll(stdin: Io['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}
