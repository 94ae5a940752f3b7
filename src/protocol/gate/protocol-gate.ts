import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf, PROTOCOL_PATHS } from '../../wire/endpoints.js';
import { normalizeRemoteAddress } from '../../wire/address.js';
import type { BodyAccount, RequestVerifier } from '../../security/index.js';
import type { JsonValue } from '../../wire/json.js';
import { type Answer, refuseAndDrain } from '../answer.js';
import { refusals } from '../protocol.error.js';
import { admit, answerTo, type GateLimits, maxBytesOf } from './admission.js';
import {
  checkJsonType,
  announcesBody,
  checkAnnouncedLength,
  ClientGoneError,
  readRawBody,
} from './request-body.js';
import { attachPeerRequest, type PeerRequest } from './peer-request.js';

const NO_BODY = Buffer.alloc(0);

/**
 * The first to see a protocol request, ahead of the app's own body parser:
 * no browser → size limit → signature → parsing. Membership and everything else come later, at the controllers.
 */
export class ProtocolGate {
  readonly #underWay = new Set<ServerResponse>();
  #isCutOff = false;

  readonly #limits: GateLimits;
  readonly #verifier: RequestVerifier;

  constructor(limits: GateLimits, verifier: RequestVerifier) {
    this.#limits = limits;
    this.#verifier = verifier;
  }

  /** True for requests of the protocol; everything else is the app's own business. */
  concerns(incoming: IncomingMessage): boolean {
    return isProtocolRequest(incoming);
  }

  /**
   * Lets a request through, or says how to refuse it. What was let through has its PeerRequest, and its
   * body is `parsed`, for the parts of the app that look at it.
   */
  async inspect(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    remoteAddress: string | undefined,
  ): Promise<Inspection> {
    this.#underWay.add(outgoing);
    outgoing.once('close', () => this.#underWay.delete(outgoing));
    if (this.#isCutOff) {
      return GONE;
    }
    const account = this.#limits.budget.open();
    outgoing.once('close', () => account.close());
    const inspection = await this.#admit(
      incoming,
      account,
      remoteAddress,
    ).catch((error: unknown) => this.#failed(incoming, error));
    if (!inspection.passed) {
      account.close();
    }
    return inspection;
  }

  /** Breaks the connections of all requests that are not answered yet, and of all that still come. */
  cutOff(): void {
    this.#isCutOff = true;
    for (const outgoing of this.#underWay) {
      outgoing.destroy();
    }
  }

  async #admit(
    incoming: IncomingMessage,
    account: BodyAccount,
    address: string | undefined,
  ): Promise<Inspection> {
    const remoteAddress =
      normalizeRemoteAddress(address) ||
      normalizeRemoteAddress(incoming.socket.remoteAddress);
    refuseBrowsers(incoming);
    const raw = await this.#read(incoming, account);
    const { url: path = '', headers } = incoming;
    const admission = await admit(
      { path, headers, raw, remoteAddress },
      account,
      this.#limits,
      this.#verifier,
      () => checkJsonType(incoming),
    );
    if (!admission.passed) {
      return refused(incoming, admission.answer, admission.signing);
    }
    attachPeerRequest(incoming, admission.request);
    return { passed: true, body: admission.body };
  }

  #failed(incoming: IncomingMessage, error: unknown): Inspection {
    return error instanceof ClientGoneError
      ? GONE
      : refused(incoming, answerTo(error, `POST ${pathOf(incoming.url)}`));
  }

  async #read(
    incoming: IncomingMessage,
    account: BodyAccount,
  ): Promise<Buffer> {
    const maxBytes = maxBytesOf(pathOf(incoming.url), this.#limits);
    checkAnnouncedLength(incoming, maxBytes);
    return announcesBody(incoming)
      ? readRawBody(incoming, {
          maxBytes,
          timeout: this.#limits.bodyTimeout,
          account,
        })
      : NO_BODY;
  }
}

/** True for a request of the protocol, by its method and path, and for a browser's question whether a page may send one. */
export function isProtocolRequest(incoming: IncomingMessage): boolean {
  return (
    (incoming.method === 'POST' || isPreflight(incoming)) &&
    PROTOCOL_PATHS.has(pathOf(incoming.url))
  );
}

/** True for a browser's question whether a page of another site may send a request of the protocol. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' && headers['access-control-request-method'] === 'POST'
  );
}

/**
 * Throws a ProtocolError (403 `FROM_BROWSER`) for what a page has made a browser send. No page can
 * leave these headers out of a POST, and no peer sends them. CORS is no help here: an app may allow
 * every origin, and by DNS rebinding a page has the peer's own (PROTOCOL.md, section 1, browsers).
 */
export function refuseBrowsers(incoming: IncomingMessage): void {
  const { origin, 'sec-fetch-site': site } = incoming.headers;
  if (origin !== undefined || site !== undefined || isPreflight(incoming)) {
    throw refusals.fromBrowser();
  }
}

/** What the gate made of a request. */
export type Inspection =
  | { passed: true; body: JsonValue | undefined }
  | { passed: false; refuse: (outgoing: ServerResponse) => void };

/** Nobody is there to be answered, or nobody is to answer any more. */
const GONE: Inspection = {
  passed: false,
  refuse: (outgoing) => outgoing.destroy(),
};

function refused(
  incoming: IncomingMessage,
  answer: Answer,
  signing?: Pick<PeerRequest, 'signAnswer'>,
): Inspection {
  return {
    passed: false,
    refuse: (outgoing) => refuseAndDrain(incoming, outgoing, answer, signing),
  };
}
