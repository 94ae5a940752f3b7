import type { Keyring } from '../security/index.js';
import { readConnection } from './connection.js';
import type { Io } from './io.js';
import { Observer } from './observer.js';
import type { Options, OptionSpecs } from './options.js';
import { jsonLine, Painter, table, type Column } from './text.js';

/** One thing that the command can do. */
export interface Command {
  /** As it is typed: `members`, `keys rotate`. */
  readonly name: string;
  /** What stands behind the name: `<peer> <body>`. */
  readonly words: readonly string[];
  readonly summary: string;
  /** Options beside those of all commands. */
  readonly options: OptionSpecs;
  /** Whether it asks the cloud. */
  readonly connects: boolean;
  /** @returns the exit code */
  run(session: Session): Promise<number>;
}

/** One run of a command: what was typed, and where things are written. */
export class Session {
  readonly painter: Painter;

  constructor(
    readonly words: readonly string[],
    readonly options: Options,
    readonly io: Io,
  ) {
    this.painter = new Painter(io.stdout, io.env);
  }

  get isJson(): boolean {
    return this.options.has('json');
  }

  /**
   * Runs work with a peer to ask.
   *
   * @param keyring default: what the options say
   */
  async observe<T>(
    work: (observer: Observer) => Promise<T>,
    keyring?: Keyring,
  ): Promise<T> {
    const config = await readConnection(this.options, this.io, keyring);
    const observer = new Observer(config);
    try {
      await observer.connect();
      return await work(observer);
    } finally {
      await observer.close();
    }
  }

  print(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  printJson(value: unknown): void {
    this.print(jsonLine(value));
  }

  printTable<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
    const { stdout } = this.io;
    stdout.write(table(columns, rows, stdout, this.painter));
  }

  /** Something that is no answer, for who watches. */
  note(text: string): void {
    this.io.stderr.write(`nestjs-peercloud: ${text}\n`);
  }
}
