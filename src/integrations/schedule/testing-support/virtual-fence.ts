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
    { token: bigint; until: number; occurrence: number }
  >();

  constructor(cloud: VirtualCloud) {
    this.#cloud = cloud;
  }

  async acquire(
    peer: VirtualPeer,
    name: string,
    { ttl, occurrence = -1 }: FenceRequest,
  ): Promise<FenceLease | undefined> {
    await peer.sleep(2);
    if (!this.#reaches(peer)) {
      throw new Error('out of reach');
    }
    const now = this.#cloud.clock.monotonic();
    const held = this.#names.get(name) ?? {
      token: 0n,
      until: 0,
      occurrence: -1,
    };
    if (
      held.until > now ||
      (occurrence >= 0 && occurrence <= held.occurrence)
    ) {
      return undefined;
    }
    const token = held.token + 1n;
    const lease = {
      token,
      until: now + ttl,
      occurrence: Math.max(occurrence, held.occurrence),
    };
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
