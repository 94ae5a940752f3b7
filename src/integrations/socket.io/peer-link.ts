import type { JsonObject } from '../../index.js';

/** Messages that one peer has not confirmed yet. With more, all of them are given up. */
const MAX_UNCONFIRMED = 65_536;

/** A numbered message on its way to all peers. */
export interface Parcel {
  readonly n: number;
  readonly nsp: string;
  body: JsonObject;
  /** True if values are wanted. */
  readonly asks: boolean;
}

/**
 * What is known of one peer as a receiver:
 * `greeting`: it has not said (again) which number it waits for, so what comes waits;
 * `open`: messages go out at once;
 * `absent`: it has no Socket.IO adapter, or one of another version.
 */
export type LinkState = 'greeting' | 'open' | 'absent';

/** The messages that one peer has not confirmed, and whether more may be sent. */
export class PeerLink {
  state: LinkState = 'greeting';
  /** True while nobody listens there: it answers no question. */
  isLost = false;
  /** Counts how often it was opened, so that failures of an earlier time are told apart. */
  opened = 0;
  readonly #unconfirmed = new Map<number, Parcel>();

  constructor(readonly peer: string) {}

  /** The first number that the peer has not confirmed; undefined if there is none. */
  get first(): number | undefined {
    return this.#unconfirmed.keys().next().value;
  }

  /** Keeps a message until it is confirmed; returns how many were given up instead. */
  keep(parcel: Parcel): number {
    let dropped = 0;
    if (this.#unconfirmed.size >= MAX_UNCONFIRMED) {
      dropped = this.#unconfirmed.size;
      this.#unconfirmed.clear();
      this.state = 'greeting';
    }
    this.#unconfirmed.set(parcel.n, parcel);
    return dropped;
  }

  confirm(n: number): void {
    this.#unconfirmed.delete(n);
  }

  isUnconfirmed(n: number): boolean {
    return this.#unconfirmed.has(n);
  }

  /**
   * The peer waits for this number.
   *
   * @returns what it has not got, and questions whose replies were lost, in order
   */
  open(next: number): Parcel[] {
    for (const { n, asks } of this.#unconfirmed.values()) {
      if (n < next && !asks) {
        this.#unconfirmed.delete(n);
      }
    }
    this.state = 'open';
    this.isLost = false;
    this.opened++;
    return [...this.#unconfirmed.values()];
  }

  /** Nothing more is sent to it. */
  close(): void {
    this.state = 'absent';
    this.#unconfirmed.clear();
  }
}
