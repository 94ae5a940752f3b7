import type { FenceLease, FenceRequest } from '../../fences/index.js';
import type { VirtualPeer } from './virtual-peer.js';
import type { VirtualCloud } from './virtual-cloud.js';

/** A strongly consistent engine in virtual time, which can be out of reach. */
export class VirtualFence {
  readonly host = 'the fence';
  isDown = false;
  readonly #cloud: VirtualCloud;
  readonly #names = new Map<
    string,
    { token: bigint; until: number; occurrences: Set<number> }
  >();

  constructor(cloud: VirtualCloud) {
    this.#cloud = cloud;
  }

  async acquire(
    peer: VirtualPeer,
    name: string,
    { ttl, occurrence }: FenceRequest,
  ): Promise<FenceLease | undefined> {
    await peer.sleep(2);
    if (!this.#reaches(peer)) {
      // Who is cut off hears nothing.
      await peer.sleep(this.isDown ? 0 : ttl / 3);
      throw new Error('out of reach');
    }
    const now = this.#cloud.clock.monotonic();
    const held = this.#names.get(name) ?? {
      token: 0n,
      until: 0,
      occurrences: new Set<number>(),
    };
    if (occurrence !== undefined && held.occurrences.has(occurrence)) {
      throw Object.assign(new Error('had'), { code: 'OCCURRENCE_HAD' });
    }
    if (held.until > now) {
      return undefined;
    }
    const token = held.token + 1n;
    const occurrences = new Set(held.occurrences);
    if (occurrence !== undefined) {
      occurrences.add(occurrence);
    }
    const lease = { token, until: now + ttl, occurrences };
    this.#names.set(name, lease);
    const lost = new AbortController();
    const isOurs = () => this.#names.get(name) === lease;
    const renew = (): void => {
      if (!isOurs() || lease.until === 0) {
        return;
      }
      if (this.#reaches(peer)) {
        lease.until = this.#cloud.clock.monotonic() + ttl;
      } else if (lease.until - this.#cloud.clock.monotonic() < ttl / 5) {
        lost.abort(new Error('lost'));
        return;
      }
      peer.clock.setTimeout(renew, ttl / 10);
    };
    peer.clock.setTimeout(renew, ttl / 10);
    return {
      token,
      lost: lost.signal,
      release: async () => {
        await peer.sleep(2);
        if (isOurs() && this.#reaches(peer)) {
          lease.until = 0;
        }
      },
    };
  }

  #reaches(peer: VirtualPeer): boolean {
    return !this.isDown && this.#cloud.links.connects(peer.id, this.host);
  }
}
