import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const sockets = new Set<Socket>();

/** A connection that says what an attacker wants to say. */
export interface RawConnection {
  socket: Socket;
  /** What the peer has written so far. */
  text: () => string;
  closed: () => boolean;
}

export async function open({ port }: { port: number }): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  let text = '';
  let closed = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('close', () => (closed = true));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, text: () => text, closed: () => closed };
}

/** Ends all of them; for `afterEach`. */
export function closeConnections(): void {
  for (const socket of sockets) {
    socket.destroy();
  }
  sockets.clear();
}

/** The head of a request. */
export function head(
  path: string,
  headers: Record<string, string | number>,
  method = 'POST',
): string {
  const lines = Object.entries({
    host: 'x',
    'content-type': 'application/json',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Goes on writing a space every 50 ms, until the connection is closed. */
export function drip({ socket }: RawConnection): void {
  const timer = setInterval(() => socket.write(' '), 50);
  socket.once('close', () => clearInterval(timer));
}
