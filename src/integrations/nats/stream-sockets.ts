import type { Msg } from '@nats-io/transport-node';
import { bodyOf, isNoResponders } from './envelope.js';
import { NatsSocket, RESET_PART } from './nats-socket.js';
import type { NatsWire } from './nats-wire.js';
import type { Subjects } from './subjects.js';

/** This peer's ends of streams, by their names. */
export class StreamSockets {
  readonly #sockets = new Map<string, NatsSocket>();

  readonly #wire: NatsWire;
  readonly #subjects: Subjects;
  readonly #ip: string;

  /** @param ip this peer's own */
  constructor(wire: NatsWire, subjects: Subjects, ip: string) {
    this.#wire = wire;
    this.#subjects = subjects;
    this.#ip = ip;
  }

  /**
   * An end of a stream to another one.
   *
   * @param name its own name
   * @param other the subject of the other one
   */
  open(name: string, other: string): NatsSocket {
    const reply = this.#subjects.of(this.#ip, 's', name);
    const socket = new NatsSocket({
      maxBytes: this.#wire.maxPayload,
      send: (part) => this.#wire.publish(other, part, { reply }),
      onClose: () => this.#sockets.delete(name),
    });
    this.#sockets.set(name, socket);
    return socket;
  }

  /** A part of a stream has come; who sends to one that is no more, or has never been, is told. */
  receive(msg: Msg): void {
    const socket = this.#sockets.get(
      this.#subjects.read(msg.subject)?.name ?? '',
    );
    if (isNoResponders(msg)) {
      socket?.receive(RESET_PART);
      return;
    }
    const part = bodyOf(msg);
    if (socket) {
      socket.receive(part);
    } else if (
      part[0] !== RESET_PART[0] &&
      this.#subjects.read(msg.reply)?.inlet === 's'
    ) {
      this.#wire.publish(msg.reply!, RESET_PART);
    }
  }

  /** The way to all others is gone. */
  loseAll(): void {
    for (const socket of this.#sockets.values()) {
      socket.lose();
    }
  }
}
