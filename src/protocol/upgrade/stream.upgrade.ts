import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { stackOf } from '../../errors/error-text.js';
import type { MembershipCore } from '../../membership/index.js';
import { StreamAcceptor } from '../../messaging/index.js';
import {
  ADDRESS_POLICY,
  MEMBERSHIP_CORE,
  REQUEST_VERIFIER,
} from '../../options/peer-cloud.tokens.js';
import type {
  AddressPolicy,
  RequestRefused,
  RequestVerifier,
} from '../../security/index.js';
import { normalizeRemoteAddress } from '../../wire/address.js';
import { STREAM_PATH, STREAM_PROTOCOL } from '../../wire/endpoints.js';
import { refusalAnswer, writeAnswer, type Answer } from '../answer.js';
import {
  type PeerRequest,
  requireMember,
  senderKey,
} from '../gate/peer-request.js';
import {
  bareRefusal,
  refuseBrowsers,
  senderOf,
} from '../gate/protocol-gate.js';
import { RequestLimiter } from '../gate/request-limiter.js';
import { ProtocolError, refusals } from '../protocol.error.js';
import { takeUpgrades } from './server-upgrades.js';

const NOTHING = Buffer.alloc(0);

const FORBIDDEN: RequestRefused = { ok: false, status: 403, headers: {} };

/** The fast lane for messages: `GET /stream` with `upgrade: peercloud/1` (PROTOCOL.md, section 4, `upgrade`). */
@Injectable()
export class StreamUpgrade {
  readonly #logger = new Logger('PeerCloud');

  readonly #verifier: RequestVerifier;
  readonly #addresses: AddressPolicy;
  readonly #core: MembershipCore;
  readonly #limiter: RequestLimiter;
  readonly #acceptor: StreamAcceptor;

  constructor(
    @Inject(REQUEST_VERIFIER) verifier: RequestVerifier,
    @Inject(ADDRESS_POLICY) addresses: AddressPolicy,
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    limiter: RequestLimiter,
    acceptor: StreamAcceptor,
  ) {
    this.#verifier = verifier;
    this.#addresses = addresses;
    this.#core = core;
    this.#limiter = limiter;
    this.#acceptor = acceptor;
  }

  /** Answers what asks for a stream at this server; call it once. */
  attach(server: Server): void {
    takeUpgrades(server, {
      concerns: asksForStream,
      take: (incoming, socket, head) => {
        // The opener waits for the greeting: who sends before it has come is none.
        if (head.length > 0) {
          socket.destroy();
        } else {
          void this.#take(incoming, socket);
        }
      },
    });
  }

  async #take(incoming: IncomingMessage, socket: Socket): Promise<void> {
    const giveUp = () => socket.destroy();
    socket.on('data', giveUp).on('end', giveUp).on('error', giveUp);
    let signer: Pick<PeerRequest, 'signAnswer'> | undefined;
    try {
      refuseBrowsers(incoming);
      const remoteAddress = normalizeRemoteAddress(socket.remoteAddress);
      const verdict = this.#mayProxy(incoming)
        ? await this.#verifier.verify({
            method: 'GET',
            path: STREAM_PATH,
            headers: incoming.headers,
            raw: undefined,
            remoteAddress,
          })
        : FORBIDDEN;
      signer = verdict;
      if (!verdict.ok) {
        refuse(incoming, socket, bareRefusal(verdict), signer);
        return;
      }
      const request = { remoteAddress, ...senderOf(incoming, verdict) };
      // An open stream has bounds of its own: it is its messages that are in work.
      const leave = this.#limiter.enter(senderKey(this.#core, request), socket);
      const sender = await requireMember(this.#core, request).finally(leave);
      const { refusal } = this.#acceptor;
      if (refusal) {
        throw refusal === 404 ? refusals.notFound() : refusals.leaving();
      }
      if (socket.destroyed) {
        return;
      }
      socket.off('data', giveUp).off('end', giveUp).off('error', giveUp);
      const { headers, codec } = verdict.acceptStream?.() ?? {};
      socket.cork();
      socket.write(switchingHead(headers), 'latin1');
      this.#acceptor.accept(sender, { socket, head: NOTHING, codec });
      socket.uncork();
    } catch (error) {
      refuse(incoming, socket, this.#answerTo(error), signer);
    }
  }

  /**
   * Where a proxy says for whom it asks, those addresses have to be allowed as well: no part of the app that
   * knows whether to trust the proxy sees an upgrade.
   */
  #mayProxy({ headers }: IncomingMessage): boolean {
    const clients = [headers['x-forwarded-for'] ?? []].flat().join();
    return clients
      .split(',')
      .filter(Boolean)
      .map((client) => normalizeRemoteAddress(client.trim()))
      .every((address) => !this.#addresses.senderRefusal(address));
  }

  #answerTo(error: unknown): Answer {
    if (error instanceof ProtocolError) {
      return refusalAnswer(error);
    }
    this.#logger.error(`GET ${STREAM_PATH} failed`, stackOf(error));
    return refusalAnswer(refusals.internal());
  }
}

function asksForStream({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    url === STREAM_PATH &&
    headers.upgrade?.toLowerCase() === STREAM_PROTOCOL
  );
}

function switchingHead(headers: Record<string, string> = {}): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${STREAM_PROTOCOL}\r\n${lines.join('')}\r\n`;
}

function refuse(
  incoming: IncomingMessage,
  socket: Socket,
  answer: Answer,
  signer: Pick<PeerRequest, 'signAnswer'> | undefined,
): void {
  const response = new ServerResponse(incoming);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  writeAnswer(response, answer, signer);
}
