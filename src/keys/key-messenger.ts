import { setTimeout } from 'node:timers/promises';
import {
  BadRequestException,
  Inject,
  Injectable,
  type OnModuleInit,
} from '@nestjs/common';
import {
  PeerDirectory,
  type Peer,
  type SendOptions,
} from '../membership/index.js';
import {
  answerError,
  BadStatusError,
  ConnectionLostError,
  MessageAbortedError,
  MessageBody,
  MessageRouter,
  MessageTraces,
  MessagingService,
  NoSuchPeerError,
  refusal,
  UnreachableError,
  type ChannelTracing,
  type KeyRouting,
  type MessageOutcome,
} from '../messaging/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../options/peer-cloud.tokens.js';
import { isSuccess } from '../wire/endpoints.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../wire/json.js';
import type { MessageMetadata } from '../wire/message-head.js';
import { KeyOwners, NoOwnerError } from './key-owners.js';

/** The reply of a key's owner. */
export interface KeyReply<T> {
  /** What its handler returned. */
  readonly value: T;
  /** Id of the peer that handled the message. */
  readonly by: string;
}

/** The channel of messages to owners (PROTOCOL.md, section 4, `keys`). */
const CHANNEL = 'nestjs-peercloud/keys';

/** Ms before a message is sent again that was surely not handled; each pause is twice the one before. */
const FIRST_PAUSE = 50;
const LAST_PAUSE = 1000;

/** The longest that a timer of Node can hold, in ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** A message to a key's owner, as the channel carries it. */
type KeyRequest = {
  key: string;
  body: JsonObject;
  /** Ms that its sender waits. */
  ms: number;
  /** True: whoever gets it handles it. */
  passed?: true;
};

/** A message to an owner is called as any other, and its reply is that of the handler. */
const TRACING: ChannelTracing = {
  pattern: ({ body }) =>
    isJsonObject(body) && typeof body.type === 'string' ? body.type : CHANNEL,
  failure(reply) {
    const answer = (reply ?? { unreachable: true }) as KeyAnswer;
    if ('unreachable' in answer) {
      return { outcome: 'UNREACHABLE' };
    }
    if ('lost' in answer) {
      return { outcome: 'CONNECTION_LOST' };
    }
    const { status } = answer;
    return isSuccess(status) ? undefined : { outcome: 'BAD_STATUS', status };
  },
};

/** What the channel answers. */
type KeyAnswer =
  | { by: string; status: number; payload: JsonValue }
  /** It was not handled: the owner cannot be reached from there. */
  | { unreachable: true }
  /** It was passed on to this peer, and may have been handled. */
  | { lost: string };

const NO_OWNER = refusal(503, 'the owner cannot be reached', 'NO_OWNER');
const LOST = refusal(
  502,
  'the message was passed on, and no reply came back',
  'CONNECTION_LOST',
);

/** Brings messages to the owners of keys, and passes on what has come to another peer. */
@Injectable()
export class KeyMessenger implements KeyRouting, OnModuleInit {
  readonly #owners: KeyOwners;
  readonly #messaging: MessagingService;
  readonly #router: MessageRouter;
  readonly #traces: MessageTraces;
  readonly #directory: PeerDirectory;
  readonly #timeout: number;

  constructor(
    owners: KeyOwners,
    messaging: MessagingService,
    router: MessageRouter,
    traces: MessageTraces,
    directory: PeerDirectory,
    @Inject(PEER_CLOUD_OPTIONS) { messageTimeout }: ResolvedPeerCloudOptions,
  ) {
    this.#owners = owners;
    this.#messaging = messaging;
    this.#router = router;
    this.#traces = traces;
    this.#directory = directory;
    this.#timeout = messageTimeout;
  }

  onModuleInit(): void {
    this.#router.bindKeys(this);
    // Not by MessagingService: a test may have put another one there.
    this.#traces.describe(CHANNEL, TRACING);
    this.#router.registerChannel(CHANNEL, (body, sender, metadata) =>
      this.#receive(readRequest(body), sender, metadata),
    );
  }

  async send(
    key: string,
    body: unknown,
    { timeout = this.#timeout, signal, metadata }: SendOptions = {},
  ): Promise<KeyReply<JsonValue>> {
    const { value } = new MessageBody(body, '*');
    const deadline = performance.now() + timeout;
    let ms = timeout;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LAST_PAUSE)) {
      const owner = this.#owners.ownerOf(key);
      if (!owner) {
        throw new NoOwnerError(key);
      }
      const options = { timeout: ms, signal, metadata };
      try {
        const answer = await this.#ask(
          owner,
          { key, body: value, ms },
          options,
        );
        return replyOf(answer, owner);
      } catch (error) {
        if (!isUnhandled(error) || performance.now() + pause >= deadline) {
          throw error;
        }
      }
      await wait(pause, owner, signal);
      ms = Math.max(1, deadline - performance.now());
    }
  }

  passOn(
    key: string,
    body: JsonValue,
    metadata: MessageMetadata,
  ): Promise<MessageOutcome> | undefined {
    const owner = this.#otherOwner(key);
    const request = { key, body: body as JsonObject, ms: this.#timeout };
    return owner && this.#forward(owner, request, metadata).then(outcomeOf);
  }

  async #receive(
    request: KeyRequest,
    sender: Peer,
    metadata: MessageMetadata,
  ): Promise<KeyAnswer> {
    const owner = request.passed ? undefined : this.#otherOwner(request.key);
    if (owner) {
      return this.#forward(owner, request, metadata);
    }
    const { body } = request;
    const outcome = await this.#router.dispatch(
      body,
      sender,
      { metadata },
      undefined,
      true,
    );
    const { status, payload } = outcome;
    const by = this.#directory.self.id;
    return { by, status, payload: payload as JsonValue };
  }

  /** The owner, if it is another peer. */
  #otherOwner(key: string): Peer | undefined {
    const owner = this.#owners.ownerOf(key);
    return owner === this.#directory.self ? undefined : owner;
  }

  async #forward(
    owner: Peer,
    request: KeyRequest,
    metadata: MessageMetadata,
  ): Promise<KeyAnswer> {
    const options = { timeout: request.ms, metadata };
    try {
      return await this.#ask(owner, { ...request, passed: true }, options);
    } catch (error) {
      if (isUnhandled(error)) {
        return { unreachable: true };
      }
      return error instanceof BadStatusError
        ? { by: owner.id, status: error.status, payload: error.payload ?? {} }
        : { lost: owner.id };
    }
  }

  /** @throws MessageError; `UNREACHABLE` for a peer that does not have the channel */
  async #ask(
    owner: Peer,
    request: KeyRequest,
    options: SendOptions,
  ): Promise<KeyAnswer> {
    const channel = this.#messaging.channel(CHANNEL);
    const answer = await channel.send<KeyAnswer>(owner, request, options);
    return answer ?? { unreachable: true };
  }
}

/** @throws BadRequestException for what is no such request */
function readRequest(body: JsonValue): KeyRequest {
  const request = body as Partial<KeyRequest>;
  if (
    typeof request.key !== 'string' ||
    typeof request.ms !== 'number' ||
    !isJsonObject(request.body)
  ) {
    throw new BadRequestException('a message to an owner has key, ms and body');
  }
  const ms = Math.min(Math.max(1, request.ms), MAX_TIMER);
  return { ...(request as KeyRequest), ms };
}

/** @throws MessageError for an answer that is no reply */
function replyOf(answer: KeyAnswer, asked: Peer): KeyReply<JsonValue> {
  if ('unreachable' in answer) {
    throw new UnreachableError(asked.id);
  }
  if ('lost' in answer) {
    throw new ConnectionLostError(answer.lost);
  }
  const { by, status, payload } = answer;
  if (!isSuccess(status)) {
    throw answerError(by, status, payload);
  }
  return { value: payload, by };
}

function outcomeOf(answer: KeyAnswer): MessageOutcome {
  if ('unreachable' in answer) {
    return NO_OWNER;
  }
  if ('lost' in answer) {
    return LOST;
  }
  const { status, payload } = answer;
  return { status, payload, message: undefined };
}

/** True for errors after which the message was surely not handled, and might be soon. */
function isUnhandled(error: unknown): boolean {
  return error instanceof UnreachableError || error instanceof NoSuchPeerError;
}

/** @throws MessageAbortedError when the signal fires */
async function wait(
  ms: number,
  { id }: Peer,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal, ref: false });
  } catch {
    throw new MessageAbortedError(id, { cause: signal?.reason });
  }
}
