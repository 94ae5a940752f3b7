import type { IncomingStream } from './incoming-stream.js';
import type { SenderLoad } from './running-handlers.js';

/** What one sender has here; kept while it has a stream, or handlers of one that is gone are at work. */
interface Entry {
  /** The oldest first. */
  readonly streams: Set<IncomingStream>;
  readonly loads: SenderLoads;
}

/** What a sender has at work. */
export interface SenderLoads {
  load: SenderLoad;
  /** Handlers that may have several replies; they count by themselves, as they wait for what their sender says. */
  replyLoad: SenderLoad;
}

/** The streams that are open here, by their senders, and what each sender has at work. */
export class SenderStreams {
  readonly #entries = new Map<string, Entry>();
  #open = 0;

  readonly #createLoads: (onIdle: () => void) => SenderLoads;

  /** @param createLoads what a sender may have at work, who calls back when nothing of a kind is */
  constructor(createLoads: (onIdle: () => void) => SenderLoads) {
    this.#createLoads = createLoads;
  }

  /** True while no stream is open. */
  get isEmpty(): boolean {
    return this.#open === 0;
  }

  loadsOf(senderId: string): SenderLoads {
    return this.#entryOf(senderId).loads;
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
      const loads = this.#createLoads(
        () => streams.size === 0 && this.#forgetIfIdle(senderId),
      );
      entry = { streams, loads };
      this.#entries.set(senderId, entry);
    }
    return entry;
  }

  #forgetIfIdle(senderId: string): void {
    const entry = this.#entries.get(senderId);
    const { load, replyLoad } = entry?.loads ?? {};
    if (entry?.streams.size === 0 && load?.isIdle && replyLoad?.isIdle) {
      this.#entries.delete(senderId);
    }
  }
}
