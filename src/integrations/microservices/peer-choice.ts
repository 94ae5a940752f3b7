import type { Peer } from '../../index.js';
import type { PatternDirectory } from './pattern-directory.js';
import type { PeerCloudTarget } from './peer-cloud.record.js';

/** Names whose turn is remembered: an app may make patterns of its own at each call. */
const MAX_TURNS = 10_000;

/** Whom to ask first, second, …: of those that handle something. */
export class PeerChoice {
  readonly #directory: PatternDirectory;
  readonly #turns = new Map<string, number>();

  constructor(directory: PatternDirectory) {
    this.#directory = directory;
  }

  /**
   * Those that do not answer at the moment come last.
   *
   * @param name what they handle: each has its turns of its own
   */
  inOrder(
    peers: readonly Peer[],
    to: PeerCloudTarget,
    name: string,
  ): readonly Peer[] {
    if (typeof to === 'object' && 'peer' in to) {
      const id = typeof to.peer === 'string' ? to.peer : to.peer.id;
      return peers.filter((peer) => peer.id === id);
    }
    if (typeof to === 'object') {
      return this.#byOwnership(peers, to.owner);
    }
    if (peers.length < 2) {
      return peers;
    }
    const turn = this.#turns.get(name) ?? 0;
    if (this.#turns.size >= MAX_TURNS) {
      this.#turns.clear();
    }
    this.#turns.set(name, turn + 1);
    const first = turn % peers.length;
    const rotated =
      first === 0 ? peers : [...peers.slice(first), ...peers.slice(0, first)];
    return aliveFirst(to === 'nearest' ? this.#byDistance(rotated) : rotated);
  }

  #byOwnership(peers: readonly Peer[], key: string): Peer[] {
    const { keys, membership } = this.#directory.begin();
    const all = membership.peers().length + 1;
    return keys
      .ownersOf(key, all)
      .filter(({ id }) => peers.some((peer) => peer.id === id))
      .slice(0, 1);
  }

  #byDistance(peers: readonly Peer[]): readonly Peer[] {
    const distances = new Map(
      peers.map((peer) => [peer, this.#directory.distanceTo(peer)]),
    );
    return [...peers].sort((a, b) =>
      compare(distances.get(a)!, distances.get(b)!),
    );
  }
}

/** Infinity less Infinity is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function aliveFirst(peers: readonly Peer[]): readonly Peer[] {
  const isAlive = ({ state }: Peer) => state === 'alive';
  return peers.every(isAlive)
    ? peers
    : [...peers.filter(isAlive), ...peers.filter((peer) => !isAlive(peer))];
}
