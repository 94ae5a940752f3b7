import { usePrograms } from '../support/programs.js';
import { PeerProcess, PROGRAMS, type Kind } from './peer-process.js';

/** The peers of a file's tests; whoever is left of them afterwards is killed. To be made where hooks are. */
export class Cloud {
  readonly #programs = usePrograms(...PROGRAMS);
  readonly #peers: PeerProcess[] = [];

  constructor() {
    afterAll(() => this.end());
  }

  async start(
    kind: Kind,
    name: string,
    ...seeds: PeerProcess[]
  ): Promise<PeerProcess> {
    const peer = await PeerProcess.start(this.#programs, kind, name, seeds);
    this.#peers.push(peer);
    return peer;
  }

  async end(): Promise<void> {
    await Promise.all(this.#peers.splice(0).map((peer) => peer.kill()));
  }
}
