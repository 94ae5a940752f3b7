import { randomBytes } from 'node:crypto';

/** Everything that this package says on NATS stands under it. */
const ROOT = 'peercloud';

/** The name of a cloud without a name; no name is escaped to it. */
const NO_NAME = '=';

/** What may stand in a token of a subject as it is, of what may stand in the name of a cloud. */
const PLAIN = /[\w-]/;

/** Addresses by which peers on NATS know each other: they lead nowhere but to a subject. */
const ADDRESS = /^fd[\da-f:]{2,37}$/;

/** Names of requests, of answers that are waited for, and of sockets. */
const NAME = /^[\w-]{1,64}$/;

/** The kinds of what a peer takes at its address: requests, answers to its own, and parts of streams. */
export type Inlet = 'q' | 'r' | 's';

/** A subject at a peer's address, taken apart. */
export interface PeerSubject {
  ip: string;
  inlet: Inlet;
  name: string;
}

/**
 * The subjects of one cloud:
 * - `peercloud.<cloud>.at.<address>.<inlet>.<name>` leads to one peer
 * - `peercloud.<cloud>.all` to all of them
 * - `peercloud.<cloud>.seek` to all of them, of whom some say where they are
 */
export class Subjects {
  readonly all: string;
  readonly seek: string;
  readonly #peers: string;

  constructor(cloud: string) {
    const root = `${ROOT}.${escapeToken(cloud)}`;
    this.all = `${root}.all`;
    this.seek = `${root}.seek`;
    this.#peers = `${root}.at.`;
  }

  of(ip: string, inlet: Inlet, name: string): string {
    return `${this.#peers}${ip}.${inlet}.${name}`;
  }

  /** Undefined for a subject that is not of a peer: nothing is ever published where others say so. */
  read(subject: string | undefined): PeerSubject | undefined {
    if (!subject?.startsWith(this.#peers)) {
      return undefined;
    }
    const parts = subject.slice(this.#peers.length).split('.');
    const [ip = '', inlet, name = ''] = parts;
    const isInlet = inlet === 'q' || inlet === 'r' || inlet === 's';
    return parts.length === 3 && isAddress(ip) && isInlet && NAME.test(name)
      ? { ip, inlet, name }
      : undefined;
  }
}

/** True for what can be the address of a peer on NATS. */
export function isAddress(ip: string): boolean {
  return ADDRESS.test(ip);
}

/** An address that nobody else has: a unique local one (RFC 4193), all of it by chance, in its one spelling. */
export function randomAddress(): string {
  const groups = [0xfd00 | randomBytes(1)[0]!];
  while (groups.length < 8) {
    // No zeros: those could be written shorter.
    groups.push(1 + (randomBytes(2).readUInt16BE() % 0xffff));
  }
  return groups.map((group) => group.toString(16)).join(':');
}

/** Any text as one token of a subject: what is not plain becomes `=` and two hex digits for each byte. */
export function escapeToken(text: string): string {
  if (text === '') {
    return NO_NAME;
  }
  return Array.from(text, (char) =>
    PLAIN.test(char)
      ? char
      : [...Buffer.from(char)]
          .map((byte) => `=${byte.toString(16).padStart(2, '0')}`)
          .join(''),
  ).join('');
}
