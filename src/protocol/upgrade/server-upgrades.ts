import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Who is asked for upgrades to a protocol of its own. */
export interface UpgradeTaker {
  /** True for the upgrade requests that are its own. */
  concerns(incoming: IncomingMessage): boolean;
  /** Gets the socket of such a request; nobody else listens to it any more. */
  take(incoming: IncomingMessage, socket: Socket, head: Buffer): void;
}

/** Node decides with this, from 24.9 on, whether a request is an upgrade or an ordinary one. */
interface AskedServer {
  shouldUpgradeCallback?: (incoming: IncomingMessage) => boolean;
}

type Emit = (event: string, ...args: unknown[]) => boolean;

/**
 * Takes the upgrade requests of one protocol at a server, whatever else listens for upgrades there, before
 * or after: some, such as Nest's WsAdapter, destroy every socket that they do not know. Other upgrade
 * requests get what they got: where nobody else listens, an ordinary answer.
 */
export function takeUpgrades(server: Server, taker: UpgradeTaker): void {
  const target = server as unknown as { emit: Emit } & AskedServer;
  const emit = target.emit;
  const givenBack = new WeakMap<Socket, IncomingMessage>();
  // Without a listener Node hands over no upgrade; it is `emit` that does the work.
  const listener = () => undefined;
  server.on('upgrade', listener);
  askFirst(server, target, taker, listener);
  target.emit = function (event, ...args) {
    const [incoming, socket, head] = args as [IncomingMessage, Socket, Buffer];
    if (event === 'upgrade' && taker.concerns(incoming)) {
      taker.take(incoming, socket, head);
      return true;
    }
    if (event === 'upgrade' && server.listenerCount('upgrade') === 1) {
      givenBack.set(socket, incoming);
      giveBack(server, incoming, socket, head);
      return true;
    }
    if (event === 'request') {
      restoreHeaders(incoming, givenBack);
    }
    return emit.call(this, event, ...args);
  };
}

/** Where Node asks about each request, it keeps what is no upgrade without this taker. */
function askFirst(
  server: Server,
  asked: AskedServer,
  taker: UpgradeTaker,
  listener: () => void,
): void {
  const shouldUpgrade = asked.shouldUpgradeCallback;
  if (!shouldUpgrade) {
    return;
  }
  asked.shouldUpgradeCallback = function (incoming) {
    if (taker.concerns(incoming)) {
      return true;
    }
    // The answer may depend on who listens.
    server.off('upgrade', listener);
    try {
      return shouldUpgrade.call(this, incoming);
    } finally {
      server.on('upgrade', listener);
    }
  };
}

/**
 * Gives a request back that its client would upgrade if it may, such as one that offers `h2c`: without the
 * offer, as the first one of a new connection.
 */
function giveBack(
  server: Server,
  incoming: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = incoming;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    const value = withoutOffer(name.toLowerCase(), rawHeaders[at + 1]!);
    if (value !== undefined) {
      lines.push(`${name}: ${value}`);
    }
  }
  const text = `${lines.join('\r\n')}\r\n\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(text, 'latin1'), head]));
  const event = socket instanceof TLSSocket ? 'secureConnection' : 'connection';
  server.emit(event, socket);
}

/** What is left of a header without the offer; undefined: nothing. */
function withoutOffer(name: string, value: string): string | undefined {
  if (name === 'upgrade') {
    return undefined;
  }
  if (name !== 'connection') {
    return value;
  }
  const options = value.split(',').map((option) => option.trim());
  const kept = options.filter((option) => option.toLowerCase() !== 'upgrade');
  return kept.length > 0 ? kept.join(', ') : undefined;
}

/** The application sees the request that was given back as its client has sent it. */
function restoreHeaders(
  incoming: IncomingMessage,
  givenBack: WeakMap<Socket, IncomingMessage>,
): void {
  const sent = givenBack.get(incoming.socket);
  if (sent) {
    givenBack.delete(incoming.socket);
    incoming.rawHeaders = sent.rawHeaders;
    incoming.headers = sent.headers;
  }
}
