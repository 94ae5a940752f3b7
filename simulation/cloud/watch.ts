import type { SimulatedPeer } from './simulated-peer.js';

/** Follows one update through the cloud: who learned of it, and when. */
export class Watch {
  readonly #learned = new Map<SimulatedPeer, number>();

  readonly #start: number;
  readonly #observers: ReadonlySet<SimulatedPeer>;

  /**
   * @param start virtual ms from which times are counted
   * @param observers who should learn of it
   */
  constructor(start: number, observers: ReadonlySet<SimulatedPeer>) {
    this.#start = start;
    this.#observers = observers;
  }

  /** True when every observer that is still running and awake knows. */
  get complete(): boolean {
    if (this.#learned.size === this.#observers.size) {
      return true;
    }
    for (const peer of this.#observers) {
      if (peer.isHealthy && !this.#learned.has(peer)) {
        return false;
      }
    }
    return true;
  }

  note(peer: SimulatedPeer, at: number): void {
    if (this.#observers.has(peer) && !this.#learned.has(peer)) {
      this.#learned.set(peer, at);
    }
  }

  /** Ms until each observer knew, in order; Infinity for a healthy one that never did. */
  times(): number[] {
    const times = [...this.#learned.values()].map((at) => at - this.#start);
    for (const peer of this.#observers) {
      if (peer.isHealthy && !this.#learned.has(peer)) {
        times.push(Infinity);
      }
    }
    return times.sort((a, b) => a - b);
  }
}
