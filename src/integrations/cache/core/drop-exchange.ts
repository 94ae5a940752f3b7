import type { Drop } from './drop.js';
import { DropLog } from './drop-log.js';
import {
  dropMessage,
  readDropMessage,
  type DropMessage,
  type Position,
} from './drop-message.js';
import { Positions } from './positions.js';

/** What a peer said to a message: it took it, it has no such cache, or it refused it. */
export type Receipt = 'taken' | 'none' | 'refused';

/** The way to others, and the time. */
export interface DropNetwork {
  /** Rejects where it is unknown whether the message came: it is sent again. */
  send(peer: string, message: DropMessage): Promise<Receipt>;
  /** Calls back once, when what the app does in this turn is done. */
  atEndOfTurn(callback: () => void): void;
  /** Calls back once after so many ms; what it returns prevents it. */
  after(ms: number, callback: () => void): () => void;
}

/** What comes of messages. */
export interface DropReceiver {
  /** @param cause whose drop it is */
  drop(drop: Drop, cause: Position): Promise<void>;
  /** Something was missed: all was dropped. */
  missed(peer: string, message: DropMessage): void;
}

/** Ms before a message is sent again; each pause is twice the one before. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 2000;

/** Starts of others that are remembered, those that are gone included. */
const MAX_POSITIONS = 4096;
const MAX_GONE = 256;

/** Somebody waits until others have dropped something. */
interface Waiter {
  number: number;
  missing: Set<string>;
  finish(): void;
}

/** Another replica on the list of members. */
interface Link {
  readonly id: string;
  /** It has taken everything up to this number; undefined for one that has taken nothing yet. */
  taken: number | undefined;
  /** What it has to hear of replicas that are gone. */
  gone: readonly Position[];
  state: 'idle' | 'sending' | 'pausing' | 'absent';
  pause: number;
  /** Ends the pause. */
  stop: () => void;
  readonly waiters: Set<Waiter>;
}

/**
 * Tells all others what was dropped here, and hears what was dropped there. One message to a peer at a
 * time; what comes meanwhile goes together in the next one. A message that may be lost is sent again,
 * with what has come since, for as long as the peer is a member; a peer that has missed what is forgotten
 * here drops everything.
 */
export class DropExchange {
  readonly #epoch: string;
  readonly #network: DropNetwork;
  readonly #receiver: DropReceiver;
  readonly #log: DropLog;
  readonly #heard = new Positions(MAX_POSITIONS);
  /** By id of a peer: the start that it has last spoken for. */
  readonly #epochOf = new Map<string, string>();
  readonly #links = new Map<string, Link>();
  /** By id of a peer that is gone: what it has taken, should it come back. */
  readonly #takenBy = new Map<string, number>();
  readonly #gone = new Map<string, number>();
  #isTurnOpen = false;

  /**
   * @param epoch name of this start, that no other has
   * @param memory drops that are remembered for those who miss them
   */
  constructor(
    epoch: string,
    network: DropNetwork,
    receiver: DropReceiver,
    memory: number,
  ) {
    this.#epoch = epoch;
    this.#network = network;
    this.#receiver = receiver;
    this.#log = new DropLog(memory);
  }

  /**
   * Others are to drop it: they are told at the end of the turn, of all that came in it at once.
   *
   * @returns what it is known by
   */
  announce(drop: Drop): Position {
    this.#log.add(drop);
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      this.#network.atEndOfTurn(() => {
        this.#isTurnOpen = false;
        this.#links.forEach((link) => this.#send(link));
      });
    }
    return [this.#epoch, this.#log.last];
  }

  /** True if this replica has dropped what is known by that. */
  hasHeard([epoch, number]: Position): boolean {
    return epoch === this.#epoch || this.#heard.of(epoch) >= number;
  }

  /**
   * Resolves when all members have taken what was announced, or after so many ms.
   *
   * @returns the ids of those that have not
   */
  async everybody(ms: number): Promise<string[]> {
    const number = this.#log.last;
    const behind = [...this.#links.values()].filter(
      ({ state, taken = -1 }) => state !== 'absent' && taken < number,
    );
    if (behind.length === 0) {
      return [];
    }
    const missing = new Set(behind.map(({ id }) => id));
    await new Promise<void>((resolve) => {
      const cancel = this.#network.after(ms, () => finish());
      const finish = (): void => {
        cancel();
        behind.forEach(({ waiters }) => waiters.delete(waiter));
        resolve();
      };
      const waiter: Waiter = { number, missing, finish };
      behind.forEach(({ waiters }) => waiters.add(waiter));
    });
    return [...missing];
  }

  peerJoined(id: string): void {
    const link: Link = {
      id,
      taken: this.#takenBy.get(id),
      gone: [...this.#gone],
      state: 'idle',
      pause: FIRST_PAUSE,
      stop: () => undefined,
      waiters: new Set(),
    };
    this.#links.set(id, link);
    this.#send(link);
  }

  /** @param isDead it has told nobody that it goes: others may have heard more of it than this replica, or less */
  peerLeft(id: string, isDead: boolean): void {
    const link = this.#links.get(id);
    if (!link) {
      return;
    }
    this.#links.delete(id);
    if (link.taken !== undefined) {
      remember(this.#takenBy, id, link.taken, MAX_POSITIONS);
    }
    link.stop();
    link.waiters.forEach((waiter) => settle(link, waiter));
    const epoch = this.#epochOf.get(id);
    this.#epochOf.delete(id);
    if (isDead && epoch !== undefined && this.#heard.of(epoch) > 0) {
      const position = [epoch, this.#heard.of(epoch)] as const;
      remember(this.#gone, ...position, MAX_GONE);
      this.#links.forEach((other) => {
        other.gone = [...other.gone, position].slice(-MAX_GONE);
        this.#send(other);
      });
    }
  }

  /**
   * Takes a message of another one.
   *
   * @returns what is wrong with it, as a text; undefined when it has been dropped
   */
  async receive(peer: string, body: unknown): Promise<string | undefined> {
    const message = readDropMessage(body);
    if (typeof message === 'string') {
      return message;
    }
    const { epoch, after, upTo, gone = [], keys, tags, all } = message;
    if (this.#links.has(peer)) {
      this.#epochOf.set(peer, epoch);
    }
    const isWhole = [
      this.#heard.advance(epoch, after, upTo),
      ...gone.map(
        ([other, n]) =>
          other === this.#epoch || this.#heard.advance(other, n, n),
      ),
    ].every(Boolean);
    if (!isWhole) {
      this.#receiver.missed(peer, message);
    }
    await this.#receiver.drop(isWhole ? { keys, tags, all } : { all: true }, [
      epoch,
      upTo,
    ]);
    return undefined;
  }

  end(): void {
    this.#links.forEach((link) => {
      link.state = 'absent';
      link.stop();
      link.waiters.forEach((waiter) => settle(link, waiter));
    });
    this.#links.clear();
  }

  #send(link: Link): void {
    const { last } = this.#log;
    const { taken = last === 0 ? 0 : undefined, gone } = link;
    link.taken = taken;
    if (link.state !== 'idle' || (taken === last && gone.length === 0)) {
      return;
    }
    // Whoever has taken nothing yet may have missed everything.
    const after = taken ?? last;
    const drop = this.#log.after(after);
    const message = dropMessage({ epoch: this.#epoch, after, gone, ...drop });
    link.state = 'sending';
    this.#network.send(link.id, message).then(
      (receipt) => this.#sent(link, message, receipt),
      () => this.#again(link),
    );
  }

  #sent(link: Link, { upTo, gone }: DropMessage, receipt: Receipt): void {
    if (receipt === 'refused') {
      this.#again(link);
      return;
    }
    if (this.#links.get(link.id) !== link) {
      return;
    }
    link.state = receipt === 'none' ? 'absent' : 'idle';
    link.pause = FIRST_PAUSE;
    link.taken = upTo;
    if (link.gone === gone) {
      link.gone = [];
    }
    for (const waiter of link.waiters) {
      if (waiter.number <= upTo || receipt === 'none') {
        settle(link, waiter);
      }
    }
    this.#send(link);
  }

  #again(link: Link): void {
    if (this.#links.get(link.id) !== link) {
      return;
    }
    link.state = 'pausing';
    const cancel = this.#network.after(link.pause, () => {
      link.state = 'idle';
      this.#send(link);
    });
    link.stop = cancel;
    link.pause = Math.min(2 * link.pause, LAST_PAUSE);
  }
}

/** This one is not waited for any more. */
function settle(link: Link, waiter: Waiter): void {
  link.waiters.delete(waiter);
  waiter.missing.delete(link.id);
  if (waiter.missing.size === 0) {
    waiter.finish();
  }
}

/** The oldest is forgotten. */
function remember(
  map: Map<string, number>,
  key: string,
  value: number,
  max: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > max) {
    map.delete(map.keys().next().value!);
  }
}
