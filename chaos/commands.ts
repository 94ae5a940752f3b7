/** An address that a peer is told of, as `PeerCloudOptions.peers` takes it. */
export interface SeedAddress {
  ip: string;
  port: number;
}

/** What the runner asks a host process to do; every command is answered once, under the same number. */
export type Command =
  | {
      type: 'start';
      name: string;
      port: number;
      seeds: SeedAddress[];
      /** What all peers of a signed cloud share; none: the cloud is open. */
      secret?: string;
      /** The cloud is on NATS, and not on ports. */
      nats?: { servers: string; cloud: string };
    }
  | { type: 'lists' }
  | { type: 'departures' }
  | { type: 'broadcast'; name: string };

/** The lists of one host's peers: the names of the members that each of them has, in its own order. */
export type Lists = Record<string, string[]>;

/** That a peer took another one off its list. */
export interface Departure {
  observer: string;
  name: string;
  reason: string;
}

/** Answers to the commands, by their type. */
export interface Answers {
  start: Record<string, never>;
  lists: Lists;
  departures: Departure[];
  broadcast: { replies: number; failures: string[] };
}

export interface CommandMessage {
  number: number;
  command: Command;
}

export interface AnswerMessage {
  number: number;
  answer?: unknown;
  error?: string;
}

/** Serves commands that arrive from the runner; an error is answered as text. */
export function serveCommands(
  serve: (command: Command) => Promise<unknown>,
): void {
  process.on('message', (message: CommandMessage) => {
    const reply = (answer: Omit<AnswerMessage, 'number'>): void => {
      process.send?.({ number: message.number, ...answer });
    };
    serve(message.command).then(
      (answer) => reply({ answer }),
      (error: unknown) => reply({ error: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}
