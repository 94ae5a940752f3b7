import type { IncomingStream } from './incoming-stream.js';
import type { SenderLoad } from './running-handlers.js';

/** What one sender has here; kept while it has a stream, or handlers of one that is gone are at work. */
interface Entry {
  /** The oldest first. */
  readonly streams: Set<IncomingStream>;
  readonly load: SenderLoad;
}

/** The streams that are open here, by their senders, and what each sender has at work. */
export class SenderStreams {
  readonly #entries = new Map<string, Entry>();
  #open = 0;

  readonly #createLoad: (onIdle: () => void) => SenderLoad;

  /** @param createLoad what a sender may have at work, who calls back when nothing of it is */
  constructor(createLoad: (onIdle: () => void) => SenderLoad) {
    this.#createLoad = createLoad;
  }

  /** True while no stream is open. */
  get isEmpty(): boolean {
    return this.#open === 0;
  }

  loadOf(senderId: string): SenderLoad {
    return this.#entryOf(senderId).load;
  }

  add(stream: IncomingStream): void {
    this.#open++;
    this.#entryOf(stream.sender.id).streams.add(stream);
  }

  delete(stream: IncomingStream): void {
    const { id } = stream.sender;
    if (this.#entries.get(id)?.streams.delete(stream)) {
      this.#open--;
      this.#forgetIfIdle(id);
    }
  }

  /** The oldest first. */
  of(senderId: string): IncomingStream[] {
    return [...(this.#entries.get(senderId)?.streams ?? [])];
  }

  all(): IncomingStream[] {
    return [...this.#entries.values()].flatMap(({ streams }) => [...streams]);
  }

  #entryOf(senderId: string): Entry {
    let entry = this.#entries.get(senderId);
    if (!entry) {
      const streams = new Set<IncomingStream>();
      const load = this.#createLoad(
        () => streams.size === 0 && this.#forgetIfIdle(senderId),
      );
      entry = { streams, load };
      this.#entries.set(senderId, entry);
    }
    return entry;
  }

  #forgetIfIdle(senderId: string): void {
    const entry = this.#entries.get(senderId);
    if (entry?.streams.size === 0 && entry.load.isIdle) {
      this.#entries.delete(senderId);
    }
  }
}
