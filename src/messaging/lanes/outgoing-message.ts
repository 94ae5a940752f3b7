import { messageOf } from '../../errors/error-text.js';
import type { Member } from '../../membership/index.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';
import { InvalidBodyError } from '../messaging.errors.js';
import type { OutgoingHead } from './outgoing-head.js';
import type { ReplyReader } from './reply-reader.js';
import { setTimeout as sleep } from 'node:timers/promises';

/** A body on its way out; serialised once, however many peers it goes to. */
export class MessageBody {
  #text: string | undefined;

  readonly #peerId: string;

  /** @throws InvalidBodyError unless it is an object */
  constructor(value: unknown, peerId: string) {
    this.#peerId = peerId;
    if (!isJsonObject(value)) {
      throw new InvalidBodyError(
        peerId,
        'its body must be a JSON object: wrap other values, as in { value }',
      );
    }
    this.value = value;
  }

  readonly value: JsonObject;

  /** @throws InvalidBodyError for what JSON cannot carry */
  get json(): string {
    return (this.#text ??= this.#serialise());
  }

  #serialise(): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(this.value);
    } catch (cause) {
      throw new InvalidBodyError(this.#peerId, messageOf(cause), {
        cause,
      });
    }
    if (text?.[0] !== '{') {
      throw new InvalidBodyError(
        this.#peerId,
        'the toJSON() of its body gives no object',
      );
    }
    return text;
  }
}

/** A message on its way to a peer. */
export interface OutgoingMessage {
  readonly body: MessageBody;
  /** What travels beside the body; absent for most. Its receiver has the feature `head`. */
  readonly head?: OutgoingHead | undefined;
  /** Ms that the caller gave it, for the text of the error. */
  readonly timeout: number;
  /** When the caller stops waiting, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  /** Takes the replies before the last, where several are wanted. Its receiver has the feature `replies`. */
  readonly reader?: ReplyReader | undefined;
  /** Takes it to all its receivers at once, in the place of the usual lane. */
  readonly shared?: MessageLane | undefined;
}

/** The channel of a message that has nothing else beside its body, `''` for none; undefined where it has more. */
export function channelAlone({
  head,
  reader,
}: OutgoingMessage): string | undefined {
  return reader ? undefined : head ? head.channelAlone : '';
}

/**
 * A way by which messages reach peers. Resolves to the last reply, undefined where a reader has had all of
 * them, and where the peer does not have the channel; rejects with a MessageError.
 */
export interface MessageLane {
  send(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined>;
}

/** Ms between two looks. */
const LOOK_AGAIN = 20;

/** Waits at a shutdown until nothing is under way any more, or for so many ms. */
export async function untilIdle(
  isBusy: () => boolean,
  timeout: number,
): Promise<void> {
  const end = performance.now() + timeout;
  while (isBusy() && performance.now() < end) {
    await sleep(LOOK_AGAIN);
  }
}
