import type { SimulatedCloud } from './simulated-cloud.js';
import type { SimulatedPeer } from './simulated-peer.js';

/** Shortest and longest stall in ms. */
export const STALL_MIN = 10_000;
export const STALL_MAX = 30_000;

/** Ms after waking in which a peer is not stalled again, so that its return can be seen. */
export const STALL_PAUSE = 60_000;

/** Keeps a share of the peers stalled, each for 10 to 30 s at a time. */
export class Staller {
  readonly #wakers = new Set<(peer: SimulatedPeer) => void>();
  #running = false;

  readonly #cloud: SimulatedCloud;
  readonly #share: number;

  /** @param share of the peers that is stalled at any time, 0 to 1 */
  constructor(cloud: SimulatedCloud, share: number) {
    this.#cloud = cloud;
    this.#share = share;
  }

  /** Called with each peer that has just woken. */
  onWake(waker: (peer: SimulatedPeer) => void): void {
    this.#wakers.add(waker);
  }

  start(): void {
    this.#running = true;
    const stalled = this.#share * this.#cloud.running.length;
    if (stalled === 0) {
      return;
    }
    const slots = Math.max(1, Math.round(stalled));
    const mean = (STALL_MIN + STALL_MAX) / 2;
    // Where less than one peer is stalled at a time, pauses between stalls make the share right.
    const pause = mean * Math.max(0, slots / stalled - 1);
    for (let slot = 0; slot < slots; slot++) {
      this.#after(this.#cloud.random.next() * STALL_MAX, () =>
        this.#stallOne(pause),
      );
    }
  }

  /** Starts no more stalls; those under way end by themselves. */
  stop(): void {
    this.#running = false;
  }

  #stallOne(pause: number): void {
    if (!this.#running) {
      return;
    }
    const { clock, random } = this.#cloud;
    const peer = this.#cloud.pick(
      ({ wokeAt }) => clock.monotonic() - wokeAt > STALL_PAUSE,
    );
    peer.stall();
    this.#after(STALL_MIN + random.next() * (STALL_MAX - STALL_MIN), () => {
      peer.wake();
      for (const waker of this.#wakers) {
        waker(peer);
      }
      this.#after(pause, () => this.#stallOne(pause));
    });
  }

  #after(ms: number, callback: () => void): void {
    this.#cloud.clock.setTimeout(callback, ms);
  }
}
