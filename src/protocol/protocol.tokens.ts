/** Bounds on what remotes can make the protocol's endpoints hold or do (ResolvedLimitOptions). */
export const PROTOCOL_LIMITS = Symbol('PROTOCOL_LIMITS');
