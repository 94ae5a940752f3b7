import type { JsonObject, JsonValue, MessageMetadata } from '../index.js';
import {
  headOf,
  type MessageLane,
  type OutgoingMessage,
} from '../messaging/index.js';

/** Messages that are kept, the newest ones. */
const MAX_MESSAGES = 10_000;

/** A message that an app of a test cloud has sent, and what became of it. */
export interface RecordedMessage {
  /** Index of the app that sent it. */
  readonly from: number;
  /** Index of the app that it was for. */
  readonly to: number;
  /** The body as it travelled. */
  readonly body: JsonObject;
  /** The channel of an integration; undefined for messages of the application. */
  readonly channel?: string;
  readonly metadata?: MessageMetadata;
  /** Undefined while neither reply nor error has come. */
  readonly outcome?:
    | { readonly reply: JsonValue }
    | { readonly error: Error & { readonly code?: string } };
}

/** Writes down what goes over the lanes of the apps. */
export class MessageRecorder {
  readonly messages: RecordedMessage[] = [];

  readonly #indexOf: (peerId: string) => number;

  /** @param indexOf the app that has an id */
  constructor(indexOf: (peerId: string) => number) {
    this.#indexOf = indexOf;
  }

  /** From now on, what an app sends by this lane is written down. */
  watch(from: number, lane: MessageLane): void {
    const send = lane.send.bind(lane);
    lane.send = (member, message) => {
      const settle = this.#note(from, member.id, message);
      const reply = send(member, message);
      void reply.then(
        // Several replies were read one by one.
        (reply = null) => settle({ reply }),
        (error: Error) => settle({ error }),
      );
      return reply;
    };
  }

  /** @returns takes the outcome */
  #note(
    from: number,
    peerId: string,
    { body, head }: OutgoingMessage,
  ): (outcome: NonNullable<RecordedMessage['outcome']>) => void {
    const read = head && headOf(head.headers);
    const message: {
      -readonly [K in keyof RecordedMessage]: RecordedMessage[K];
    } = {
      from,
      to: this.#indexOf(peerId),
      body: JSON.parse(body.json) as JsonObject,
      ...(read !== 'invalid' && read),
    };
    if (this.messages.push(message) > MAX_MESSAGES) {
      this.messages.shift();
    }
    return (outcome) => {
      message.outcome = outcome;
    };
  }
}
