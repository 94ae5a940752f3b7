import { BaseRpcContext } from '@nestjs/microservices';
import type { MessageMetadata, Peer } from '../../index.js';

/** What a handler gets as `@Ctx()`: where the message came from, and what came with it. */
export class PeerCloudContext extends BaseRpcContext<
  [peer: Peer, pattern: string, metadata: MessageMetadata]
> {
  /** The peer that sent it; oneself, where a client chose this peer. */
  getPeer(): Peer {
    return this.args[0];
  }

  /** The pattern as Nest writes it: a string, or an object's keys in order as JSON. */
  getPattern(): string {
    return this.args[1];
  }

  /** What the client attached, by `setOnDispatchHook()` or a PeerCloudRecord; `{}` where it attached nothing. */
  getMetadata(): MessageMetadata {
    return this.args[2];
  }
}
