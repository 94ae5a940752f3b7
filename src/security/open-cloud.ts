import type {
  ExchangeSecurity,
  OutgoingRequest,
  SignedRequest,
} from '../transport/peer-transport.interface.js';
import type { LimitedLog } from '../util/limited-log.js';
import { PEER_ID_HEADER } from '../wire/endpoints.js';
import type { RefusalLog } from './refusal-log.js';
import type {
  IncomingPeerRequest,
  RequestVerifier,
  StreamSecurity,
  Verdict,
} from './security.interface.js';
import {
  ACCEPT_SIGNATURE_HEADER,
  SIGNATURE_INPUT_HEADER,
  SIGNATURE_LABEL,
} from './signature/signature-format.js';

// What an open cloud does where a signed one signs and verifies.

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

/** Lets in everyone whose address is allowed, except peers of signed clouds, which would not believe the answers. */
export class OpenRequestVerifier implements RequestVerifier {
  readonly #refusals: RefusalLog;
  readonly #senderRefusal: (remoteAddress: string) => string | undefined;

  /** @param senderRefusal why requests from an address are refused; undefined if they are let in */
  constructor(
    refusals: RefusalLog,
    senderRefusal: (remoteAddress: string) => string | undefined,
  ) {
    this.#refusals = refusals;
    this.#senderRefusal = senderRefusal;
  }

  verify(request: IncomingPeerRequest): Verdict {
    const refusal = this.#refusal(request);
    if (refusal === undefined) {
      return { ok: true };
    }
    this.#refusals.note(refusal, request);
    return { ok: false, status: 403, headers: {} };
  }

  #refusal(request: IncomingPeerRequest): string | undefined {
    const address = this.#senderRefusal(request.remoteAddress);
    if (address !== undefined) {
      return `its address ${address}`;
    }
    const input = request.headers[SIGNATURE_INPUT_HEADER];
    return typeof input === 'string' && input.includes(OUR_TAG)
      ? 'it is signed, and this peer has no security option: give both the same'
      : undefined;
  }
}

/** Streams of an open cloud: nothing but the own id. */
export class PlainStreamSecurity implements StreamSecurity {
  readonly #selfId: () => string;

  constructor(selfId: () => string) {
    this.#selfId = selfId;
  }

  open() {
    return {
      headers: { [PEER_ID_HEADER]: this.#selfId() },
      accept: () => undefined,
      refused: () => false,
    };
  }
}
