import type { Member } from '../../membership/index.js';
import type { BodyAccount } from '../../security/index.js';
import type { Delivery } from './delivery.js';
import type { OpenedStream } from './stream-opener.js';
import type { ResolvedStreamOptions } from './stream.options.js';
import type { StreamRefusedError } from './stream-refused.error.js';

/** What it takes to open streams to one peer. */
export interface StreamSuccessionConfig {
  options: ResolvedStreamOptions;
  /** Largest reply in bytes that this peer takes. */
  maxBytes: number;
  /** Deepest nesting of a reply that this peer takes. */
  maxDepth: number;
  /** Where it counts what its lines that are still coming in take of the memory for that. */
  openAccount(): BodyAccount;
  /** True if this peer may have another stream. */
  hasPlace(): boolean;
  /** Opens one; rejects with a StreamRefusedError. */
  open(member: Member): Promise<OpenedStream>;
}

/** Who uses the streams. */
export interface StreamSuccessionOwner {
  /** There is a stream with room, or none is open any more: see what waits. */
  onChange(): void;
  /** No stream can be opened now. */
  onRefused(failure: StreamRefusedError): void;
  /** Something came from the peer. */
  onSign(): void;
  /** The message is larger than the peer takes on a stream. */
  onTooLarge(delivery: Delivery): void;
}
