import { messageOf } from '../errors/error-text.js';
import { isJsonObject, type JsonObject } from '../wire/json.js';
import { InvalidBodyError } from './errors/invalid-body.error.js';

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
