import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import type { SimulatedPeer } from '../cloud/simulated-peer.js';

/** A verdict on a peer that stalled is its own fault until so many ms after its waking. */
const GRACE = 40_000;

/** Counts what the peers wrongly hold of one another. */
export class Verdicts {
  /** Healthy peers that somebody declared dead, with the virtual ms of the first verdict. */
  readonly declaredDead: { peer: SimulatedPeer; at: number }[] = [];
  readonly #suspicions = new Set<string>();
  readonly #byId = new Map<string, SimulatedPeer>();
  readonly #evicted = new Set<SimulatedPeer>();

  readonly #cloud: SimulatedCloud;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
    for (const peer of cloud.peers) {
      this.#byId.set(peer.id, peer);
    }
    cloud.onEvent((_, event) => {
      if (event.type === 'peer.suspected') {
        this.#suspect(event.member.id, event.member.incarnation);
      } else if (event.type === 'peer.left' && event.reason !== 'left') {
        this.#declare(event.member.id);
      }
    });
  }

  /** Healthy peers suspected, each once for each incarnation. */
  get suspected(): number {
    return this.#suspicions.size;
  }

  /** Was this peer declared dead by anybody since the last call? */
  takeEvicted(peer: SimulatedPeer): boolean {
    return this.#evicted.delete(peer);
  }

  #suspect(id: string, incarnation: number): void {
    const peer = this.#byId.get(id);
    if (peer && this.#isBlameless(peer)) {
      this.#suspicions.add(`${id} ${incarnation}`);
    }
  }

  #declare(id: string): void {
    const peer = this.#byId.get(id);
    if (!peer?.isRunning) {
      return;
    }
    if (!this.#isBlameless(peer)) {
      this.#evicted.add(peer);
      return;
    }
    const at = this.#cloud.clock.monotonic();
    const last = this.declaredDead.findLast((verdict) => verdict.peer === peer);
    if (!last || at - last.at > GRACE) {
      this.declaredDead.push({ peer, at });
    }
  }

  #isBlameless(peer: SimulatedPeer): boolean {
    return (
      peer.isHealthy && this.#cloud.clock.monotonic() - peer.wokeAt > GRACE
    );
  }
}
