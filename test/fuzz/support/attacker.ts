import { generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import type { PeerApp } from '../../e2e/module/support/peer-app.js';
import type { Keyring } from '../../../src/security/keys/keyring.js';
import { LimitedLog } from '../../../src/util/limited-log.js';
import { MessageSigner } from '../../../src/security/signature/message-signer.js';
import { STREAM_PATH, STREAM_PROTOCOL } from '../../../src/wire/endpoints.js';
import { changeHeaders, type HeaderChange } from './header-changes.js';

const NOTHING = Buffer.alloc(0);

/** A key that any opener could have. */
const STREAM_KEY = generateKeyPairSync('x25519').publicKey.export({
  format: 'jwk',
}).x!;

/** One request of an attacker; of what asks for a stream, the body is left out. */
export interface Attack {
  path: string;
  /** Sender's id; undefined: a stranger. */
  senderId: string | undefined;
  body: Buffer;
  headers: Record<string, string>;
  /** What is done to the headers that would be right. */
  changes: readonly HeaderChange[];
}

/** Sends requests to one peer, in an open or in a signed cloud. */
export class Attacker {
  readonly #pool: Pool;
  readonly #signers = new Map<string, MessageSigner>();

  readonly #target: PeerApp;
  /** What signs; undefined in an open cloud. */
  readonly #keyring: Keyring | undefined;

  constructor(target: PeerApp, keyring: Keyring | undefined) {
    this.#target = target;
    this.#keyring = keyring;
    this.#pool = new Pool(`http://127.0.0.1:${target.port}`, {
      connections: 32,
    });
  }

  /** A whole request, whatever is in it; resolves to its answer, or to nothing where the peer gives none. */
  async send(attack: Attack): Promise<{ status: number; text: string }> {
    const { path, body } = attack;
    if (path === STREAM_PATH) {
      return this.#knock(this.bytesOf(attack));
    }
    // What is between two hops only, the client sets itself.
    const { connection: _, upgrade: __, ...headers } = this.#headersOf(attack);
    const answer = await this.#pool.request({
      method: 'POST',
      path,
      headers,
      body,
    });
    this.#learn(attack, answer.headers);
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  /** Bytes on a connection of their own; resolves when it is over, or to be left. */
  write(bytes: Buffer, wait: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.#target.port, '127.0.0.1');
      socket.on('error', () => undefined).once('close', () => resolve());
      socket.resume();
      socket.write(bytes, () => {
        setTimeout(() => socket.resetAndDestroy(), wait);
      });
    });
  }

  /** The same request as bytes. */
  bytesOf(attack: Attack): Buffer {
    const { path } = attack;
    const isStream = path === STREAM_PATH;
    const body = isStream ? NOTHING : attack.body;
    const headers = { ...this.#headersOf(attack), host: 'x' };
    const lines = Object.entries(headers).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const head = isStream
      ? `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
      : `POST ${path} HTTP/1.1\r\n${lines.join('')}content-length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Asks for a stream, and leaves it when it is open. */
  #knock(bytes: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((resolve) => {
      const socket = connect(this.#target.port, '127.0.0.1');
      let text = '';
      const answer = () =>
        resolve({ status: Number(text.split(' ', 2)[1] ?? 0), text });
      socket.on('error', () => undefined).once('close', answer);
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (text.includes('\r\n\r\n')) {
          socket.end();
        }
      });
      socket.write(bytes);
    });
  }

  #headersOf({ path, senderId, body, headers, changes }: Attack) {
    const right: Record<string, string> = {
      ...(path === STREAM_PATH
        ? { connection: 'upgrade', upgrade: STREAM_PROTOCOL }
        : { 'content-type': 'application/json' }),
      ...(senderId !== undefined && { 'x-peercloud-id': senderId }),
      ...(this.#keyring &&
        senderId !== undefined &&
        this.#signatureOf(senderId, path, body)),
      ...headers,
    };
    return changeHeaders(right, changes);
  }

  #signatureOf(senderId: string, path: string, body: Buffer) {
    const signer = this.#signer(senderId);
    const receiverId = this.#target.membership.self.id;
    return path === STREAM_PATH
      ? signer.signHeaders(
          { method: 'GET', path, receiverId },
          { 'x-peercloud-key': STREAM_KEY },
        )
      : signer.sign({
          origin: 'http://127.0.0.1',
          method: 'POST',
          path,
          body,
          receiverId,
        }).headers;
  }

  /** As any sender does, so that what it signs is not refused for its age alone. */
  #learn(
    { senderId }: Attack,
    headers: Dispatcher.ResponseData['headers'],
  ): void {
    const signer = this.#signers.get(senderId ?? '');
    const { id } = this.#target.membership.self;
    if (headers['x-peercloud-boot'] !== undefined) {
      signer?.boots.learn(id, { status: 200, headers }, undefined);
    }
  }

  #signer(id: string): MessageSigner {
    let signer = this.#signers.get(id);
    if (!signer) {
      signer = new MessageSigner({
        keyring: this.#keyring!,
        selfId: () => id,
        now: () => Date.now(),
        maxReceivers: 10,
        log: new LimitedLog({ warn: () => undefined }, () => Date.now()),
      });
      this.#signers.set(id, signer);
    }
    return signer;
  }
}
