/** What a test asks a peer in a process of its own to do. */
export interface Commands {
  /** Names of the peers on its list, as often as they are there. */
  names(): string[];
  /** The data of the peers on its list. */
  data(): object[];
  /** Sends to the peer of that name. */
  send(name: string, body: object): Promise<Reply>;
  broadcast(body: object): Promise<NamedReply[]>;
  /** What only peers of this project have: a message with metadata, one on a channel, and several replies. */
  extras(name: string, body: object): Promise<Extras>;
  close(): Promise<void>;
}

/** What came back of them. */
export interface Extras {
  withMetadata: unknown;
  /** `none` where the peer does not have the channel. */
  onChannel: unknown;
  replies: unknown[];
}

/** A reply, or the HTTP status (0: none) of what came instead. */
export type Reply = { value: unknown } | { status: number; payload?: unknown };

export type NamedReply = { name: string } & Reply;

/** A call, from the test to the program. */
export interface Call {
  id: number;
  command: keyof Commands;
  args: unknown[];
}

/** Its answer. */
export type Answer = { id: number } & ({ result: unknown } | { error: string });

/** Serves the calls of the test, and tells it under which port the peer runs. */
export function serve(port: number, commands: Partial<Commands>): void {
  process.on('message', ({ id, command, args }: Call) => {
    const run = commands[command] as (...args: unknown[]) => unknown;
    Promise.resolve()
      .then(() => run(...args))
      .then(
        (result) => answer({ id, result }),
        (error: unknown) => answer({ id, error: String(error) }),
      );
  });
  // A test that is gone needs no peers.
  process.once('disconnect', () => process.exit(1));
  process.send?.({ port });
}

function answer(message: Answer): void {
  process.send?.(message);
}

/** How the test starts a program. */
export interface ProgramOptions {
  name: string;
  /** Port to listen on; 0 where the program can choose. */
  port: number;
  /** Ports of known peers. */
  seeds: number[];
  adapter?: 'express' | 'fastify';
  /** On a port of its own, instead of as routes of the app. */
  ownListener?: boolean;
}

/** The options that the test gave. */
export function readOptions(): ProgramOptions {
  return JSON.parse(process.argv[2]!) as ProgramOptions;
}

/**
 * What every peer of these tests replies, whatever it is made of: `echo` gives back what arrived,
 * anything else is refused with `refuse(status)`.
 */
export function replyTo(
  name: string,
  sender: unknown,
  body: { type?: string; status?: number },
  refuse: (status: number) => Error,
): object {
  if (body.type === 'echo') {
    return { from: name, sender, body };
  }
  throw refuse(body.status ?? 500);
}
