import {
  Inject,
  Injectable,
  type DynamicModule,
  HttpException,
} from '@nestjs/common';
import type { Peer } from '../membership/index.js';
import { OnPeerMessage } from '../messaging/index.js';
import type { PeerCloudOptions } from '../options/peer-cloud.options.js';
import { PeerCloudModule } from '../peer-cloud.module.js';
import type { JsonObject, JsonValue } from '../wire/json.js';
import type { OnMessage } from './standalone.types.js';
import { messageOf } from '../errors/error-text.js';

const ON_MESSAGE = Symbol('ON_MESSAGE');

@Injectable()
class StandaloneHandler {
  readonly #onMessage: OnMessage;

  constructor(@Inject(ON_MESSAGE) onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  @OnPeerMessage()
  onmessage(body: JsonObject, sender: Peer): Promise<JsonValue | undefined> {
    return runHandler(this.#onMessage, sender.data, body);
  }
}

/** The root module of a standalone peer. */
export class StandaloneModule {
  /** Without a handler none is registered, so that messages are answered with `{}`. */
  static register(
    options: PeerCloudOptions,
    onMessage: OnMessage | undefined,
  ): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [PeerCloudModule.forRoot(options)],
      providers: onMessage
        ? [StandaloneHandler, { provide: ON_MESSAGE, useValue: onMessage }]
        : [],
    };
  }
}

/** Parameters of a handler that answers by `reply()`. */
const WITH_REPLY = 3;

/**
 * Runs a handler of the original's kind and resolves to its reply; undefined is an empty one. A handler
 * that takes `reply` answers by it alone, and what it returns means nothing, as in the original; any
 * other answers by what it returns, a value or a promise. Throwing and rejecting count in both.
 */
export function runHandler(
  handler: OnMessage,
  peer: JsonObject,
  body: JsonObject,
): Promise<JsonValue | undefined> {
  return new Promise((resolve, reject) => {
    const succeed = (value: unknown) =>
      resolve((value ?? undefined) as JsonValue | undefined);
    const fail = (error: unknown) => reject(asHandlerError(error));
    const finish = (value: unknown) => {
      if (handler.length < WITH_REPLY) {
        succeed(value);
      }
    };
    try {
      const returned = handler(peer, body, (error, value) =>
        error ? fail(error) : succeed(value),
      );
      Promise.resolve(returned).then(finish, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** An error that names an HTTP status is answered under it, as the original does. */
function asHandlerError(error: unknown): Error {
  if (error instanceof HttpException) {
    return error;
  }
  const status = statusOf(error);
  if (status !== undefined) {
    return new HttpException(
      { statusCode: status, message: textOf(error) },
      status,
      { cause: error },
    );
  }
  return error instanceof Error
    ? error
    : new Error(`the handler replied with the error ${textOf(error)}`, {
        cause: error,
      });
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) {
    return undefined;
  }
  const { status, statusCode } = error as Record<string, unknown>;
  return [status, statusCode].find(
    (value): value is number =>
      Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599,
  );
}

/** As JSON where that can carry it: the sender may read it. */
function textOf(error: unknown): string {
  if (typeof error !== 'object' || error instanceof Error) {
    return messageOf(error);
  }
  try {
    return JSON.stringify(error);
  } catch {
    return messageOf(error);
  }
}
