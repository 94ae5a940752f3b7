import { ReplayWindow } from './replay-window.js';

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
