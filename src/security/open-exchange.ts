import type {
  ExchangeSecurity,
  OutgoingRequest,
  SignedRequest,
} from '../transport/exchange-security.interface.js';
import type { LimitedLog } from '../util/limited-log.js';
import {
  ACCEPT_SIGNATURE_HEADER,
  SIGNATURE_LABEL,
} from './signature/signature.constants.js';

const OUR_TAG = `tag="${SIGNATURE_LABEL}"`;

/** The sending side of an open cloud: signs nothing, and says so where a peer asks for signatures. */
export class OpenExchange implements ExchangeSecurity {
  readonly #log: LimitedLog;

  constructor(log: LimitedLog) {
    this.#log = log;
  }

  sign({ origin }: OutgoingRequest): SignedRequest {
    return {
      headers: {},
      checkAnswer: ({ status, headers }) => {
        const wanted = headers[ACCEPT_SIGNATURE_HEADER];
        if (status === 401 && String(wanted).includes(OUR_TAG)) {
          this.#log.warn(
            `${origin} refuses this peer`,
            'its cloud is signed, and this peer has no security option: give both the same',
          );
        }
        return undefined;
      },
    };
  }
}
