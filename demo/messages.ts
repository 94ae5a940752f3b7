import type { JsonObject } from 'nestjs-peercloud/standalone';

/** What a peer of the demo says about itself; the others see it as its `data`. */
export interface DemoData extends JsonObject {
  name: string;
  kind: string;
}

/** That data, of any peer of the demo. */
export function dataOf(peer: { data: JsonObject }): DemoData {
  return peer.data as DemoData;
}

/** What the demo's peers say to each other, and what they reply. */
export type Hello = { type: 'hello'; from: string };
export type Chat = { type: 'chat'; text: string };
export type Members = { type: 'members' };

/** How the show starts a peer: by these variables of its environment. */
export interface PeerEnvironment {
  DEMO_NAME: string;
  /** Port of the peer to join through. */
  DEMO_SEED_PORT: string;
  /** Port to listen on; 0: any free one. */
  DEMO_PORT: string;
}

/** Reads the environment that the show made. */
export function readEnvironment(): {
  name: string;
  seedPort: number;
  port: number;
} {
  const { DEMO_NAME, DEMO_SEED_PORT, DEMO_PORT } =
    process.env as unknown as PeerEnvironment;
  return {
    name: DEMO_NAME,
    seedPort: Number(DEMO_SEED_PORT),
    port: Number(DEMO_PORT),
  };
}

/** Ends the peer when the show asks for it, or when the show itself is gone. */
export function leaveOnRequest(leave: () => Promise<unknown>): void {
  const end = () => void leave().finally(() => process.exit(0));
  process.once('message', end);
  process.once('disconnect', end);
}
