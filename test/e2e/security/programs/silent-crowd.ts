import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Arguments: a port of this machine, and how many connections there shall be. */
const [port, count] = process.argv.slice(2).map(Number) as [number, number];

/** Connections that are opened at the same moment: what a server has not accepted yet waits in a queue. */
const AT_ONCE = 100;

const sockets: Socket[] = [];
let closed = 0;

async function open(): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined).resume();
  socket.on('close', () => {
    closed++;
    if (closed === count) {
      console.log('all closed');
    }
  });
  await once(socket, 'connect');
  // Half of them say something, and never come to its end.
  if (sockets.length % 2 === 0) {
    socket.write('POST /status HTTP/1.1\r\nx-slow: ');
  }
}

while (sockets.length < count) {
  const some = Math.min(AT_ONCE, count - sockets.length);
  await Promise.all(Array.from({ length: some }, open));
}
console.log(`${count - closed} open`);
