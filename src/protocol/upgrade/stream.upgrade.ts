import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { ADDRESS_POLICY } from '../../options/peer-cloud.tokens.js';
import type { AddressPolicy, RequestRefused } from '../../security/index.js';
import { normalizeRemoteAddress } from '../../wire/address.js';
import { STREAM_PATH, STREAM_PROTOCOL } from '../../wire/endpoints.js';
import { writeAnswer, type Answer } from '../answer.js';
import { answerTo, bareRefusal } from '../gate/admission.js';
import { refuseBrowsers } from '../gate/protocol-gate.js';
import { takeUpgrades } from './server-upgrades.js';
import { StreamGate, type StreamJudgement } from './stream-gate.js';

const FORBIDDEN: RequestRefused = { ok: false, status: 403, headers: {} };

/** The fast lane for messages: `GET /stream` with `upgrade: peercloud/1` (PROTOCOL.md, section 4, `upgrade`). */
@Injectable()
export class StreamUpgrade {
  readonly #addresses: AddressPolicy;
  readonly #gate: StreamGate;

  constructor(
    @Inject(ADDRESS_POLICY) addresses: AddressPolicy,
    gate: StreamGate,
  ) {
    this.#addresses = addresses;
    this.#gate = gate;
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
    const { answer, signing, accept } = await this.#judge(incoming, socket);
    if (!accept) {
      refuse(incoming, socket, answer, signing);
    } else if (!socket.destroyed) {
      socket.off('data', giveUp).off('end', giveUp).off('error', giveUp);
      socket.cork();
      socket.write(switchingHead(answer.headers), 'latin1');
      accept(socket);
      socket.uncork();
    }
  }

  async #judge(
    incoming: IncomingMessage,
    socket: Socket,
  ): Promise<StreamJudgement> {
    try {
      refuseBrowsers(incoming);
    } catch (error) {
      return { answer: answerTo(error, `GET ${STREAM_PATH}`) };
    }
    return this.#mayProxy(incoming)
      ? this.#gate.judge(
          incoming.headers,
          normalizeRemoteAddress(socket.remoteAddress),
          socket,
        )
      : { answer: bareRefusal(FORBIDDEN) };
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
}

function asksForStream({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    url === STREAM_PATH &&
    headers.upgrade?.toLowerCase() === STREAM_PROTOCOL
  );
}

function switchingHead(headers: Answer['headers']): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${String(value)}\r\n`,
  );
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${STREAM_PROTOCOL}\r\n${lines.join('')}\r\n`;
}

function refuse(
  incoming: IncomingMessage,
  socket: Socket,
  answer: Answer,
  signing: StreamJudgement['signing'],
): void {
  const response = new ServerResponse(incoming);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  writeAnswer(response, answer, signing);
}
