import { Inject, Injectable, Logger } from '@nestjs/common';
import { messageOf } from '../../errors/error-text.js';
import type { MembershipCore } from '../../membership/index.js';
import {
  MEMBERSHIP_CORE,
  PEER_TRANSPORT,
} from '../../options/peer-cloud.tokens.js';
import type {
  PeerAnswer,
  PeerTransport,
} from '../../transport/peer-transport.interface.js';
import { StepLog } from '../../util/step-log.js';
import { formatAddress } from '../../wire/address.js';
import { ENDPOINTS, type Endpoint, isSuccess } from '../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../wire/json.js';
import type { PeerAddress } from '../../wire/bodies.js';
import type { ProtocolErrorCode } from '../protocol.error.js';
import { answersAsItShould, unreachableBy } from '../protocol.messages.js';
import { TransportError } from '../../transport/transport.error.js';

const OWN_PORT =
  'or give the protocol a port of its own with the option listener';

const NAT =
  'behind some NATs only this peer cannot reach itself there, and the others can';

/** Says what stands between this peer's port and its own answer, and what to do about it. */
function diagnoseAnswer({ status, body }: PeerAnswer, selfId: string): string {
  if (isSuccess(status)) {
    return diagnoseSuccess(body, selfId);
  }
  if (status >= 300 && status < 400) {
    return `a redirect (${status}), which peers do not follow: exempt the path, ${OWN_PORT}`;
  }
  switch (status) {
    case 401:
    case 403:
      return `a guard or a middleware of the app refuses it (${status}): let the protocol through with the extra decorators of forRoot() (the decorator that marks a route public), ${OWN_PORT}`;
    case 404:
      return `no route answers it (404): a host filter, a rewriting proxy or the wrong port, or mount is false without the option listener`;
    case 429:
      return `a rate limit of the app refuses it (429): exempt the path, ${OWN_PORT}`;
    case 413:
    case 415:
      return `something ahead of the protocol reads its bodies (${status}): exempt the path from that proxy or middleware, ${OWN_PORT}`;
    default:
      return status >= 500
        ? `something of the app, or a proxy, fails at it (${status}): see its own log, exempt the path, ${OWN_PORT}`
        : `a route, a guard or a pipe of the app answers it (${status}): move that route or exempt the path, ${OWN_PORT}`;
  }
}

/** Says why no answer came at all. */
function diagnoseFailure(error: unknown): string {
  const code = error instanceof TransportError ? error.code : undefined;
  switch (code) {
    case 'REFUSED':
      return `nobody listens there: the options ip and port must name where this app is reached (${NAT})`;
    case 'TIMEOUT':
      return `no answer came in time: something of the app holds the request, or the address is not this one (${NAT})`;
    case 'UNREACHABLE':
      return `the address cannot be reached from here: the options ip and port must name where this app is reached (${NAT})`;
    default:
      return `no usable answer came (${code ?? String(error)}): is the port spoken to by http here and served by https, or not by this app?`;
  }
}

function diagnoseSuccess(body: unknown, selfId: string): string {
  if (isJsonObject(body) && typeof body.online === 'boolean') {
    return 'another peer answers there: a wrong port, or a load balancer in between; peers must reach each one of them by itself';
  }
  if ((JSON.stringify(body) ?? '').includes(selfId)) {
    return `something changes the answer on its way (an interceptor, a middleware or a proxy): exempt the path, ${OWN_PORT}`;
  }
  return `a route of the app's own, or one that takes every path, answers it: move that route, ${OWN_PORT}`;
}

/** Ms for one question to oneself: patient, because a start-up is a busy time. */
const PATIENCE = 5000;

/** What a peer asks itself, and how its own answer is told from anybody else's. */
interface Expectation {
  endpoint: Endpoint;
  body: JsonObject;
  /** True for the answer of this very peer. */
  isOurs(answer: PeerAnswer, selfId: string): boolean;
}

const isUnknownSender = refusedWith(403, 'UNKNOWN_SENDER');

/**
 * Requests that change nothing: a peer is no known sender to itself, and a join without a proper id is
 * refused before anything else happens.
 */
const EXPECTATIONS: readonly Expectation[] = [
  {
    endpoint: 'status',
    body: {},
    isOurs: ({ status, body }, selfId) =>
      status === 200 && isJsonObject(body) && body.id === selfId,
  },
  { endpoint: 'message', body: {}, isOurs: isUnknownSender },
  {
    endpoint: 'join',
    body: { id: '' },
    isOurs: refusedWith(400, 'INVALID_BODY'),
  },
  { endpoint: 'joined', body: {}, isOurs: isUnknownSender },
  { endpoint: 'left', body: {}, isOurs: isUnknownSender },
  { endpoint: 'update', body: {}, isOurs: isUnknownSender },
  { endpoint: 'sync', body: {}, isOurs: isUnknownSender },
];

/** What stands in the way at one endpoint. */
interface SelfCheckFinding {
  endpoint: Endpoint;
  /** What it is, and what to do. */
  reason: string;
}

/**
 * Asks this peer over the network what others will ask it, because only that shows whether a route,
 * guard, interceptor or proxy of the app stands in between. Changes nothing, whoever answers as this peer.
 * Three paths are left out: `/check`, which no sender uses, `/stream`, without which messages go by
 * `/message`, and `/observe`, which no peer calls.
 */
@Injectable()
export class SelfCheckService {
  readonly #logger = new Logger('PeerCloud');
  readonly #steps = new StepLog();

  readonly #core: MembershipCore;
  readonly #transport: PeerTransport;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_TRANSPORT) transport: PeerTransport,
  ) {
    this.#core = core;
    this.#transport = transport;
  }

  /**
   * Checks the endpoints at an address of this peer and logs one warning for each different obstacle.
   * Never rejects; says nothing when the signal fires.
   */
  async run(
    address: PeerAddress,
    signal?: AbortSignal,
  ): Promise<SelfCheckFinding[]> {
    const findings: SelfCheckFinding[] = [];
    for (const expectation of EXPECTATIONS) {
      const { endpoint } = expectation;
      const answer = await this.#ask(address, expectation, signal);
      if (signal?.aborted) {
        return [];
      }
      if (answer instanceof Error) {
        // Nobody answers here: the other questions would only wait as long.
        findings.push({ endpoint, reason: diagnoseFailure(answer) });
        break;
      }
      if (!expectation.isOurs(answer, this.#core.id)) {
        findings.push({
          endpoint,
          reason: diagnoseAnswer(answer, this.#core.id),
        });
      }
    }
    this.#report(address, findings);
    return findings;
  }

  async #ask(
    address: PeerAddress,
    { endpoint, body }: Expectation,
    signal: AbortSignal | undefined,
  ): Promise<PeerAnswer | Error> {
    try {
      const target = { ...address, id: this.#core.id };
      return await this.#transport.request(target, endpoint, body, {
        timeout: PATIENCE,
        ...(signal && { signal }),
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  #report(address: PeerAddress, findings: SelfCheckFinding[]): void {
    for (const reason of new Set(findings.map((finding) => finding.reason))) {
      const paths = findings
        .filter((finding) => finding.reason === reason)
        .map(({ endpoint }) => ENDPOINTS[endpoint]);
      this.#logger.warn(unreachableBy(paths, formatAddress(address), reason));
    }
    if (findings.length === 0) {
      this.#steps.write(answersAsItShould(formatAddress(address)));
    }
  }
}

function refusedWith(status: number, code: ProtocolErrorCode) {
  return (answer: PeerAnswer): boolean =>
    answer.status === status &&
    isJsonObject(answer.body) &&
    answer.body.code === code;
}
