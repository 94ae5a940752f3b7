const WORD = 32;

/**
 * Which counters of one sender were seen: the highest, and a bitmap of the ones right below it, as
 * IPsec does it (RFC 4303, section 3.4.3, with the ring of words of RFC 6479). What is older than the
 * window counts as seen.
 */
export class ReplayWindow {
  readonly #words: Uint32Array;
  #highest = -1;

  readonly #size: number;

  /** @param size counters below the highest that may still come, a multiple of 32 */
  constructor(size: number) {
    this.#size = size;
    // One word more, so that clearing the words ahead never touches the window.
    this.#words = new Uint32Array(size / WORD + 1);
  }

  /** True the first time for each counter that is not too old; remembers it. */
  accept(counter: number): boolean {
    if (counter > this.#highest) {
      this.#advanceTo(counter);
    } else if (this.#highest - counter >= this.#size) {
      return false;
    }
    const index = Math.floor(counter / WORD) % this.#words.length;
    const bit = 1 << (counter % WORD);
    if ((this.#words[index]! & bit) !== 0) {
      return false;
    }
    this.#words[index]! |= bit;
    return true;
  }

  #advanceTo(counter: number): void {
    const words = this.#words;
    const from = Math.floor(this.#highest / WORD);
    const steps = Math.min(Math.floor(counter / WORD) - from, words.length);
    for (let step = 1; step <= steps; step++) {
      words[(from + step) % words.length] = 0;
    }
    this.#highest = counter;
  }
}

/** Requests of one sender that may overtake each other. */
const WINDOW_SIZE = 4096;
/** Ms between two searches for windows that have expired, when there is no room. */
const SWEEP_INTERVAL = 1000;

interface Channel {
  boot: number;
  window: ReplayWindow;
  /** Ms after which nothing that was seen is good any more. */
  expires: number;
}

/**
 * Refuses what was seen before. Each sender has one window, for its latest boot; what an older boot
 * signed is refused. A window is kept until nothing that went through it is good any more, and there
 * is a bound on their number: beyond it new senders are refused, so that nothing can be replayed by
 * pushing windows out.
 */
export class ReplayGuard {
  readonly #channels = new Map<string, Channel>();
  #nextSweep = 0;

  readonly #maxSenders: number;

  constructor(maxSenders: number) {
    this.#maxSenders = maxSenders;
  }

  /**
   * True if this nonce of the sender's is new.
   * @param expires ms, on the clock of `now`, until when the signature is accepted
   */
  accept(
    sender: string,
    nonce: { boot: number; counter: number },
    expires: number,
    now: number,
  ): boolean {
    const channel = this.#channelOf(sender, nonce.boot, now);
    if (!channel?.window.accept(nonce.counter)) {
      return false;
    }
    channel.expires = Math.max(channel.expires, expires);
    return true;
  }

  /** The latest boot of a sender that has not been forgotten; undefined if it is not known. */
  bootOf(sender: string): number | undefined {
    return this.#channels.get(sender)?.boot;
  }

  #channelOf(sender: string, boot: number, now: number): Channel | undefined {
    const known = this.#channels.get(sender);
    if (known && (known.boot === boot || known.expires >= now)) {
      if (boot < known.boot) {
        return undefined;
      }
      if (boot > known.boot) {
        known.boot = boot;
        known.window = new ReplayWindow(WINDOW_SIZE);
      }
      return known;
    }
    if (!known && !this.#hasRoom(now)) {
      return undefined;
    }
    const window = new ReplayWindow(WINDOW_SIZE);
    const channel = { boot, window, expires: 0 };
    this.#channels.set(sender, channel);
    return channel;
  }

  #hasRoom(now: number): boolean {
    if (this.#channels.size >= this.#maxSenders && now >= this.#nextSweep) {
      this.#nextSweep = now + SWEEP_INTERVAL;
      for (const [sender, { expires }] of this.#channels) {
        if (expires < now) {
          this.#channels.delete(sender);
        }
      }
    }
    return this.#channels.size < this.#maxSenders;
  }
}
