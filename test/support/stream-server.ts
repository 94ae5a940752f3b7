import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The head of the answer that opens a stream. */
export function switchingHead(headers: Record<string, string> = {}): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: peercloud/1\r\n${lines.join('')}\r\n`;
}

/** A stream as a receiver made by hand has it. */
export interface TakenStream {
  socket: Socket;
  request: IncomingMessage;
  /** Writes a line: text as it is, anything else as JSON. */
  write: (line: unknown) => void;
  /** Hears each line that is one of frames. */
  onFrame: (heard: (frame: unknown[]) => void) => void;
}

/** Lets a server take streams: greets, and does with each what the test says. */
export function takeStreams(
  server: Server,
  onStream: (stream: TakenStream) => void,
  hello: object = {},
): void {
  server.on('upgrade', (request, socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('end', () => socket.end());
    const write = (line: unknown) => {
      const text = typeof line === 'string' ? line : JSON.stringify(line);
      socket.write(`${text}\n`);
    };
    socket.write(switchingHead());
    write({ v: 1, heartbeat: 60_000, maxBytes: 1_000_000, ...hello });
    onStream({
      socket,
      request,
      write,
      onFrame: (heard) =>
        createInterface(socket)
          .on('line', (line) => {
            const frame = JSON.parse(line) as unknown;
            if (Array.isArray(frame)) {
              heard(frame);
            }
          })
          // The opener may give it up.
          .on('error', () => socket.destroy()),
    });
  });
}
