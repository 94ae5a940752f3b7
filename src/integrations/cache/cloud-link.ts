import { randomUUID } from 'node:crypto';
import { BadRequestException, Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import {
  BadStatusError,
  KeysService,
  MembershipService,
  MessagingService,
  type Peer,
  type PeerChannel,
  type PeerCloudEvent,
} from '../../index.js';
import { nameTaken, noCloud } from './cache.error.js';
import * as messages from './cache.messages.js';
import type { Drop } from './core/drop.js';
import { DropExchange, type Receipt } from './core/drop-exchange.js';
import {
  isPosition,
  type DropMessage,
  type Position,
} from './core/drop-message.js';
import type { GuardedStore } from './core/guarded-store.js';

/** Ms until a message counts as lost, and is sent again. */
const SEND_TIMEOUT = 5000;

/** Ms that a shutdown waits until others have heard of the last drops. */
const LAST_WORDS = 2000;

/** Lines about others that are remembered, so that none is written twice. */
const MAX_LINES = 256;

type Loader = (id: string, cause?: Position) => Promise<unknown>;

/** A request to the owner of a key to load it. */
interface LoadRequest {
  name: string;
  id: string;
  /** The last drop of the key that the sender has heard of. */
  cause: Position | undefined;
}

/** A cache's way to the caches of the other replicas. */
export class CloudLink {
  readonly #logger = new Logger('PeerCache');
  readonly #moduleRef: ModuleRef;
  readonly #channelName: string;
  readonly #exchange: DropExchange;
  readonly #guard: GuardedStore;
  readonly #loaders = new Map<string, Loader>();
  readonly #lines = new Set<string>();
  #channel!: PeerChannel;
  #keys!: KeysService;
  #membership!: MembershipService;
  #events: Subscription | undefined;
  #endHandling: () => void = () => undefined;

  constructor(
    moduleRef: ModuleRef,
    guard: GuardedStore,
    { namespace, memory }: { namespace: string | undefined; memory: number },
  ) {
    this.#moduleRef = moduleRef;
    this.#guard = guard;
    const suffix = namespace === undefined ? '' : `/${namespace}`;
    this.#channelName = `nestjs-peercloud/cache${suffix}`;
    this.#exchange = new DropExchange(
      randomUUID(),
      {
        send: (peer, message) => this.#send(peer, message),
        atEndOfTurn: (callback) => void setImmediate(callback),
        after: (ms, callback) => {
          const timer = setTimeout(callback, ms).unref();
          return () => clearTimeout(timer);
        },
      },
      {
        drop: (drop, cause) =>
          this.#guard
            .drop(drop, cause)
            .catch((error) => this.#logger.error(messages.storeFailed, error)),
        missed: (peer) => this.#logger.debug(messages.missed(peer)),
      },
      memory,
    );
  }

  /** @throws PeerCacheError (`NO_PEER_CLOUD`) */
  start(): void {
    this.#membership = this.#provided(MembershipService);
    this.#keys = this.#provided(KeysService);
    const channel = this.#provided(MessagingService).channel(this.#channelName);
    this.#channel = channel;
    this.#endHandling = channel.handle((body, sender) =>
      this.#receive(sender, body as Record<string, unknown>),
    );
    this.#events = this.#membership.events$.subscribe((event) =>
      this.#tell(event),
    );
  }

  /** Before the peer leaves: the others hear what this replica has dropped last. */
  async end(): Promise<void> {
    await this.#exchange.everybody(LAST_WORDS);
    this.#exchange.end();
    this.#events?.unsubscribe();
    this.#endHandling();
  }

  announce(drop: Drop): Position {
    return this.#exchange.announce(drop);
  }

  hasHeard(position: Position): boolean {
    return this.#exchange.hasHeard(position);
  }

  /** @returns ids of the members that have not dropped after so many ms what was announced */
  everybody(ms: number): Promise<string[]> {
    return this.#exchange.everybody(ms);
  }

  /** @throws PeerCacheError (`LOADER_NAME_TAKEN`) */
  addLoader(name: string, loader: Loader): void {
    if (this.#loaders.has(name)) {
      throw nameTaken(name);
    }
    this.#loaders.set(name, loader);
  }

  /** What the owner of the key has loaded; undefined where it is this replica, or gives nothing. */
  async askOwner(
    key: string,
    load: LoadRequest,
  ): Promise<{ value?: unknown } | undefined> {
    try {
      const owner = this.#keys.ownerOf(key);
      return owner === this.#membership.self
        ? undefined
        : await this.#channel.send<{ value?: unknown }>(owner, { load });
    } catch (error) {
      this.#logger.debug(messages.notLoaded(key, error as Error));
      return undefined;
    }
  }

  #provided<T>(token: abstract new (...args: never[]) => T): T {
    try {
      return this.#moduleRef.get<T>(token, { strict: false });
    } catch {
      throw noCloud();
    }
  }

  #tell(event: PeerCloudEvent): void {
    if (event.type === 'peer.joined') {
      this.#exchange.peerJoined(event.peer.id);
    } else if (event.type === 'peer.left') {
      this.#exchange.peerLeft(event.peer.id, event.reason === 'dead');
    }
  }

  async #send(peer: string, message: DropMessage): Promise<Receipt> {
    try {
      const options = { timeout: SEND_TIMEOUT };
      const answer = await this.#channel.send(peer, message, options);
      if (answer !== undefined) {
        return 'taken';
      }
      this.#once('log', messages.noCacheThere(peer));
      return 'none';
    } catch (error) {
      if (error instanceof BadStatusError && error.status === 400) {
        this.#once('warn', messages.refusedThere(peer, error.message));
        return 'refused';
      }
      throw error;
    }
  }

  /** @throws BadRequestException for what is no such message */
  async #receive(
    sender: Peer,
    body: Record<string, unknown>,
  ): Promise<{ value?: unknown }> {
    if (body['load'] !== undefined) {
      return { value: await this.#load(sender, body['load']) };
    }
    const problem = await this.#exchange.receive(sender.id, body);
    if (problem !== undefined) {
      this.#refuse(sender, problem);
    }
    return {};
  }

  #load(sender: Peer, request: unknown): Promise<unknown> {
    const { name, id, cause } = (request ?? {}) as Partial<LoadRequest>;
    const loader = this.#loaders.get(String(name));
    if (
      !loader ||
      typeof id !== 'string' ||
      !(cause === undefined || isPosition(cause))
    ) {
      this.#refuse(sender, messages.nothingToLoad);
    }
    return loader(id, cause);
  }

  /** @throws BadRequestException */
  #refuse(sender: Peer, problem: string): never {
    this.#once('warn', messages.refusedHere(sender.id, problem));
    throw new BadRequestException(problem);
  }

  #once(level: 'log' | 'warn', line: string): void {
    if (!this.#lines.has(line) && this.#lines.size < MAX_LINES) {
      this.#lines.add(line);
      this.#logger[level](line);
    }
  }
}
