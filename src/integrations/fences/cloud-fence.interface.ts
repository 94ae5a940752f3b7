/** What somebody asks a fence for. */
export interface FenceRequest {
  /** Who asks, for those who look into the engine; a peer's id, say. */
  owner: string;
  /** Ms after which the engine gives the name to others if the lease was not renewed; at least 100. */
  ttl: number;
  /**
   * A number for what the lease is for, as a job's scheduled time is one. The engine keeps it past the
   * lease and gives no other for it. It keeps the 64 highest of a name, and refuses what is below them.
   * Default: nothing is refused.
   */
  occurrence?: number;
  /** Gives up waiting for the engine. A lease that arrives afterwards is released at once. */
  signal?: AbortSignal;
}

/** A name that is this process's own until it is released or lost. It renews itself. */
export interface FenceLease {
  /**
   * The fencing token: higher than that of every earlier lease of the same name. Whoever stores
   * something refuses a token that is lower than the highest one it has seen.
   */
  readonly token: bigint;
  /** Fires before the lease is over for others, with a FenceError `LEASE_LOST` as its reason. */
  readonly lost: AbortSignal;
  /**
   * Gives the name back at once; a second call does nothing.
   *
   * @throws FenceError `FENCE_UNREACHABLE` if the engine did not answer; the lease ends with its `ttl` then
   */
  release(): Promise<void>;
}

/** An engine that is strongly consistent already, and gives a name to one at a time. */
export interface CloudFence {
  /**
   * @returns the lease, or undefined while somebody else has the name
   * @throws FenceError `OCCURRENCE_HAD` if there was a lease for its `occurrence`; `FENCE_UNREACHABLE` if
   * the engine did not answer, or answered with an error; the signal's reason once it has fired
   */
  acquire(name: string, request: FenceRequest): Promise<FenceLease | undefined>;
}
