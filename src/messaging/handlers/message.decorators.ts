import {
  Body,
  createParamDecorator,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { Peer } from '../../membership/index.js';
import type { MessageMetadata } from '../../wire/message-head.js';
import type { MessagePattern } from './message-pattern.js';

/** Metadata on a method: the patterns of its `@OnPeerMessage()` decorators. */
export const PEER_MESSAGE_METADATA = 'peercloud:message-patterns';

/** Metadata on a method: the options of its `@OnPeerMessage()` decorators, in the order of the patterns. */
export const PEER_MESSAGE_OPTIONS_METADATA = 'peercloud:message-options';

/** Metadata on a class and method: the parameters of a handler that declares none of its own. */
export const DEFAULT_ARGS_METADATA = 'peercloud:default-args';

/**
 * Type of the execution context that guards, interceptors and filters of a handler see:
 * `switchToRpc().getData()` is the body, `switchToRpc().getContext()` the sender.
 */
export const PEER_CONTEXT_TYPE = 'rpc';

/** What `@OnPeerMessage()` may say beside the pattern. */
export interface PeerMessageOptions {
  /**
   * The key of a message, by its body; undefined for one that everybody may handle. The body is as it
   * came: nothing has checked it yet.
   */
  key?: ((body: never) => string | undefined) | undefined;
}

/**
 * Makes a method of a provider or controller the handler of messages from other peers
 * (PROTOCOL.md, section 2, `/message`). What it returns (a value or a promise) is the reply. An observable or
 * an async iterable is several, for `MessagingService.stream()`; `send()` gets the last of them.
 *
 * Without a pattern it gets every message that no other handler takes; a string is the body's `type`; an
 * object matches every body that holds these values. The match with the most keys wins, then the handler
 * that was registered first. Two handlers with the same pattern are refused at start-up.
 *
 * Without parameter decorators the method gets `(body, sender)`; see also `@PeerBody()`, `@PeerSender()` and
 * `@PeerMetadata()`.
 * Guards, interceptors, pipes and filters of the method and its class apply, in a context of type `rpc`.
 *
 * With `key`, the message is for the owner of that key (KeysService): a peer that does not own it passes
 * the message on, once, and its sender gets the owner's reply.
 */
export function OnPeerMessage(
  pattern?: MessagePattern,
  options: PeerMessageOptions = {},
): MethodDecorator {
  return (target, name, descriptor: PropertyDescriptor) => {
    const method: unknown = descriptor.value;
    if (typeof method !== 'function') {
      const owner = typeof target === 'function' ? target : target.constructor;
      throw new TypeError(
        `@OnPeerMessage() on ${owner.name}.${String(name)}: it decorates methods only`,
      );
    }
    prepend(PEER_MESSAGE_METADATA, pattern, method);
    prepend(PEER_MESSAGE_OPTIONS_METADATA, options, method);
  };
}

/** Decorators are applied from the last to the first. */
function prepend(name: string, value: unknown, method: object): void {
  const others = (Reflect.getMetadata(name, method) ?? []) as unknown[];
  Reflect.defineMetadata(name, [value, ...others], method);
}

/**
 * The body of a message, or one property of it, as a parameter of an `@OnPeerMessage()` method. Pipes apply
 * as they do to `@Body()`: a ValidationPipe checks it against the parameter's class.
 */
export function PeerBody(
  ...pipes: (Type<PipeTransform> | PipeTransform)[]
): ParameterDecorator;
export function PeerBody(
  property: string,
  ...pipes: (Type<PipeTransform> | PipeTransform)[]
): ParameterDecorator;
export function PeerBody(
  property?: string | Type<PipeTransform> | PipeTransform,
  ...pipes: (Type<PipeTransform> | PipeTransform)[]
): ParameterDecorator {
  return Body(property as string, ...pipes);
}

/** The peer that sent the message, or one of its properties, as a parameter of an `@OnPeerMessage()` method. */
export const PeerSender = createParamDecorator<keyof Peer | undefined>(
  (property, context) => {
    const sender = context.switchToRpc().getContext<Peer>();
    return property ? sender[property] : sender;
  },
);

/** Place of the metadata among what a handler is called with: body, sender, metadata. */
const METADATA_ARG = 2;

/**
 * The metadata of the message (`SendOptions.metadata`), or one value of it, as a parameter of an
 * `@OnPeerMessage()` method: `{}`, or undefined, where the sender gave none.
 */
export const PeerMetadata = createParamDecorator<string | undefined>(
  (key, context): MessageMetadata | string | undefined => {
    const metadata = context.getArgByIndex<MessageMetadata>(METADATA_ARG);
    if (key === undefined) {
      return metadata;
    }
    return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  },
);
