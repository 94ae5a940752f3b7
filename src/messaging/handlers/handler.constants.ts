/** Metadata on a method: the patterns of its `@OnPeerMessage()` decorators. */
export const PEER_MESSAGE_METADATA = 'peercloud:message-patterns';

/** Metadata on a class and method: the parameters of a handler that declares none of its own. */
export const DEFAULT_ARGS_METADATA = 'peercloud:default-args';

/**
 * Type of the execution context that guards, interceptors and filters of a handler see:
 * `switchToRpc().getData()` is the body, `switchToRpc().getContext()` the sender.
 */
export const PEER_CONTEXT_TYPE = 'rpc';
