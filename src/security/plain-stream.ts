import { PEER_ID_HEADER } from '../wire/endpoints.js';
import type {
  StreamCodec,
  StreamSecurity,
} from './stream-security.interface.js';

/** The codec of an open cloud: bytes as they are. */
export const PLAIN_CODEC: StreamCodec = {
  seal: (text) => (typeof text === 'string' ? text : text.join('')),
  open: (chunk) => [chunk],
};

/** Streams of an open cloud: nothing but the own id. */
export class PlainStreamSecurity implements StreamSecurity {
  readonly #selfId: () => string;

  constructor(selfId: () => string) {
    this.#selfId = selfId;
  }

  open() {
    return {
      headers: { [PEER_ID_HEADER]: this.#selfId() },
      accept: () => PLAIN_CODEC,
      refused: () => false,
    };
  }
}
