import type { RefusalLog } from './refusal-log.js';
import type {
  IncomingPeerRequest,
  RequestVerifier,
  Verdict,
} from './request-verifier.interface.js';
import {
  SIGNATURE_INPUT_HEADER,
  SIGNATURE_LABEL,
} from './signature/signature.constants.js';

const OUR_TAG = `tag="${SIGNATURE_LABEL}"`;

/** Lets in everyone whose address is allowed, except peers of signed clouds, which would not believe the answers. */
export class OpenRequestVerifier implements RequestVerifier {
  readonly #config: {
    refusals: RefusalLog;
    /** Why requests from an address are refused; undefined if they are let in. */
    senderRefusal: (remoteAddress: string) => string | undefined;
  };

  constructor(config: {
    refusals: RefusalLog;
    /** Why requests from an address are refused; undefined if they are let in. */
    senderRefusal: (remoteAddress: string) => string | undefined;
  }) {
    this.#config = config;
  }

  verify(request: IncomingPeerRequest): Verdict {
    const refusal = this.#refusal(request);
    if (refusal === undefined) {
      return { ok: true };
    }
    this.#config.refusals.note(refusal, request);
    return { ok: false, status: 403, headers: {} };
  }

  #refusal(request: IncomingPeerRequest): string | undefined {
    const address = this.#config.senderRefusal(request.remoteAddress);
    if (address !== undefined) {
      return `its address ${address}`;
    }
    const input = request.headers[SIGNATURE_INPUT_HEADER];
    return typeof input === 'string' && input.includes(OUR_TAG)
      ? 'it is signed, and this peer has no security option: give both the same'
      : undefined;
  }
}
