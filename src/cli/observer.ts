import { MessageSigner, type Keyring } from '../security/index.js';
import {
  createPeerAxios,
  HttpPeerTransport,
  PeerPools,
} from '../transport/http/index.js';
import type {
  PeerAnswer,
  PeerTarget,
} from '../transport/peer-transport.interface.js';
import type { ResolvedTls } from '../transport/tls.options.js';
import { TransportError } from '../transport/transport.error.js';
import { LimitedLog } from '../util/limited-log.js';
import { formatAddress } from '../wire/address.js';
import type { PeerAddress } from '../wire/bodies.js';
import { isPeerId, isSuccess } from '../wire/endpoints.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../wire/json.js';
import { CommandError } from './io.js';

/** Bytes of the longest answer that is read: the list of a cloud of many thousands. */
const MAX_ANSWER = 256 * 1024 * 1024;

const MAX_HEADERS = 16 * 1024;

/** Ms that a peer holds a question back while nothing happens, and more. */
const FEED_PATIENCE = 20_000;

/** Receivers whose counters and starts are remembered. */
const MAX_RECEIVERS = 1000;

export interface ObserverConfig {
  /** Tried in this order. */
  peers: readonly PeerAddress[];
  /** Signs, and judges what comes back; none: an open cloud. */
  keyring: Keyring | undefined;
  tls: Pick<ResolvedTls, 'materials' | 'servername'> | undefined;
  /** Ms. */
  timeout: number;
  signal: AbortSignal | undefined;
}

/** Asks one peer of a cloud about it, as nobody's member (PROTOCOL.md, section 6). */
export class Observer {
  readonly #config: ObserverConfig;
  readonly #pools: PeerPools;
  readonly #transport: HttpPeerTransport;
  #target: PeerTarget | undefined;

  constructor(config: ObserverConfig) {
    this.#config = config;
    const { keyring, tls, timeout } = config;
    const id = keyring?.peerId ?? `observer-${crypto.randomUUID()}`;
    this.#pools = new PeerPools({
      connectionsPerPeer: 4,
      maxConnectedPeers: 16,
      maxRequestsToPeer: 100,
      maxHeaderBytes: MAX_HEADERS,
      connectTimeout: timeout,
      ...(tls && { tls }),
    });
    const security =
      keyring &&
      new MessageSigner({
        keyring,
        selfId: () => id,
        now: Date.now,
        maxReceivers: MAX_RECEIVERS,
        log: new LimitedLog({ warn: () => undefined }, Date.now),
      });
    const axiosRef = createPeerAxios(this.#pools, {
      timeout,
      maxAnswerBytes: MAX_ANSWER,
      ...(security && { security }),
    });
    this.#transport = new HttpPeerTransport(
      { axiosRef },
      { selfId: () => id, maxAnswerBytes: MAX_ANSWER },
    );
  }

  /** The peer that is asked. */
  get address(): PeerAddress {
    return this.#target!;
  }

  /**
   * Finds the first peer that answers.
   *
   * @throws CommandError that says what stands in the way
   */
  async connect(): Promise<void> {
    const failures: string[] = [];
    for (const address of this.#config.peers) {
      try {
        const answer = await this.status(address);
        const { id } = isJsonObject(answer.body) ? answer.body : {};
        if (isSuccess(answer.status) && isPeerId(id)) {
          this.#target = { ...address, id };
          return;
        }
        failures.push(`${formatAddress(address)}: ${this.#refusal(answer)}`);
      } catch (error) {
        failures.push(`${formatAddress(address)}: ${this.#describe(error)}`);
      }
    }
    throw new CommandError(failures.join('; '));
  }

  /** Asks a peer for `/status`. */
  status(target: PeerTarget): Promise<PeerAnswer> {
    const { timeout, signal } = this.#config;
    return this.#transport.request(
      target,
      'status',
      {},
      {
        timeout,
        ...(signal && { signal }),
      },
    );
  }

  /**
   * Asks the peer.
   *
   * @param patience ms
   * @throws CommandError
   */
  async ask<T = JsonObject>(
    question: JsonObject,
    patience = this.#config.timeout,
  ): Promise<T> {
    const { signal } = this.#config;
    let answer: PeerAnswer;
    try {
      answer = await this.#transport.request(
        this.#target!,
        'observe',
        question,
        { timeout: patience, ...(signal && { signal }) },
      );
    } catch (error) {
      const { address } = this;
      throw new CommandError(
        `${formatAddress(address)}: ${this.#describe(error)}`,
      );
    }
    if (!isSuccess(answer.status) || !isJsonObject(answer.body)) {
      throw new CommandError(this.#refusal(answer));
    }
    return answer.body as T;
  }

  /**
   * What comes piece by piece, until it is over.
   *
   * @throws CommandError
   */
  async *feed(
    question: JsonObject,
    onMissed: (count: number) => void = () => undefined,
  ): AsyncGenerator<JsonObject> {
    const { feed } = await this.ask<{ feed: string }>(question);
    for (let isOver = false; !isOver;) {
      const { items, missed, done } = await this.ask<{
        items: JsonValue[];
        missed: number;
        done: boolean;
      }>({ ask: 'next', feed }, FEED_PATIENCE);
      if (missed > 0) {
        onMissed(missed);
      }
      yield* items.filter(isJsonObject);
      isOver = done;
    }
  }

  async close(): Promise<void> {
    await this.#pools.destroy();
  }

  /** A refusal in words for who sits at the command. */
  #refusal({ status, body }: PeerAnswer): string {
    const { message: said, code } = isJsonObject(body) ? body : {};
    const message = typeof said === 'string' ? said : '';
    switch (status) {
      case 401:
        return 'its cloud is signed: give --secret-file, or --private-key-file and --trusted-keys-file';
      case 404:
        return typeof code === 'string' && code !== 'NOT_FOUND'
          ? message
          : 'this peer cannot be observed: it has no /observe, because it is of an older version or of another kind';
      default:
        return message !== ''
          ? `the peer says ${status}: ${message}`
          : `no peer answers there (status ${status})`;
    }
  }

  #describe(error: unknown): string {
    const { code, message = '' } = error as Partial<TransportError>;
    const text = message.replace(/^https?:\/\/[^/ ]+: /, '').trim();
    if (this.#config.tls && /wrong version number|packet length/.test(text)) {
      return 'there is no TLS: leave out --tls, --ca and the like';
    }
    if (code === 'CONNECTION_LOST' && !this.#config.tls) {
      return `${text} (does the cloud have TLS? --ca <file>)`;
    }
    if (code === 'CONNECTION_LOST' && !this.#config.tls?.materials.cert) {
      return `${text} (do the peers ask for a certificate? --cert, --key)`;
    }
    return code === 'REFUSED'
      ? 'nothing listens there: --peer <host:port> names a peer'
      : text;
  }
}
