import { buildPrograms } from '../support/build-programs.js';
import { PeerProcess, type Kind } from './peer-process.js';

/** The peers of one test; whatever is left of them afterwards is killed. */
export class Cloud {
  readonly #peers: PeerProcess[] = [];
  #programs: URL | undefined;

  async start(
    kind: Kind,
    name: string,
    ...seeds: PeerProcess[]
  ): Promise<PeerProcess> {
    this.#programs ??= await buildPrograms();
    const peer = await PeerProcess.start(this.#programs, kind, name, seeds);
    this.#peers.push(peer);
    return peer;
  }

  async end(): Promise<void> {
    await Promise.all(this.#peers.splice(0).map((peer) => peer.kill()));
  }
}
