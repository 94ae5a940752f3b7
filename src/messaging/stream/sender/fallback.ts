import type { JsonValue } from '../../../wire/json.js';
import type { OutgoingMessage } from '../../lanes/index.js';
import type { DeliveryQueue } from './delivery.js';

/** Messages that go by `/message` for want of a stream, a bounded number at the same time. */
export class Fallback {
  #underWay = 0;

  readonly #max: number;
  readonly #sendOtherwise: (
    message: OutgoingMessage,
  ) => Promise<JsonValue | undefined>;
  /** There is room for more. */
  readonly #onRoom: () => void;

  constructor(
    max: number,
    sendOtherwise: (message: OutgoingMessage) => Promise<JsonValue | undefined>,
    onRoom: () => void,
  ) {
    this.#max = max;
    this.#sendOtherwise = sendOtherwise;
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#underWay < this.#max;
  }

  /** Sends what waits, as far as there is room. */
  drain(queue: DeliveryQueue): void {
    while (this.hasRoom) {
      const delivery = queue.shift();
      if (!delivery) {
        return;
      }
      const { message } = delivery;
      delivery.continueWith(delivery.inContext(() => this.send(message)));
    }
  }

  /** To be called only while there is room. */
  send(message: OutgoingMessage): Promise<JsonValue | undefined> {
    this.#underWay++;
    return this.#sendOtherwise(message).finally(() => {
      this.#underWay--;
      this.#onRoom();
    });
  }
}
