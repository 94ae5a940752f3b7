import { PEER_MESSAGE_METADATA } from './handler.constants.js';
import type { MessagePattern } from './message-pattern.js';

/**
 * Makes a method of a provider or controller the handler of messages from other peers
 * (PROTOCOL.md, section 2, `/message`). What it returns (a value, a promise or an observable) is the reply.
 *
 * Without a pattern it gets every message that no other handler takes; a string is the body's `type`; an
 * object matches every body that holds these values. The match with the most keys wins, then the handler
 * that was registered first. Two handlers with the same pattern are refused at start-up.
 *
 * Without parameter decorators the method gets `(body, sender)`; see also `@PeerBody()` and `@PeerSender()`.
 * Guards, interceptors, pipes and filters of the method and its class apply, in a context of type `rpc`.
 */
export function OnPeerMessage(pattern?: MessagePattern): MethodDecorator {
  return (target, name, descriptor: PropertyDescriptor) => {
    const method: unknown = descriptor.value;
    if (typeof method !== 'function') {
      const owner = typeof target === 'function' ? target : target.constructor;
      throw new TypeError(
        `@OnPeerMessage() on ${owner.name}.${String(name)}: it decorates methods only`,
      );
    }
    const others = (Reflect.getMetadata(PEER_MESSAGE_METADATA, method) ??
      []) as unknown[];
    Reflect.defineMetadata(PEER_MESSAGE_METADATA, [pattern, ...others], method);
  };
}
