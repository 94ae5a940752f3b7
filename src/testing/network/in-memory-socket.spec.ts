import { InMemoryNetwork } from './in-memory-network.js';
import { InMemorySocket } from './in-memory-socket.js';
import { SeededRandom } from './seeded-random.js';
import { VirtualClock } from './virtual-clock.js';

/** A connection between two processes, and what the second one reads. */
function connection() {
  const clock = new VirtualClock(undefined, 1);
  const network = new InMemoryNetwork({
    clock,
    random: new SeededRandom(7),
    latency: () => 10,
  });
  const [near, far] = ['10.0.0.1', '10.0.0.2'].map((ip) =>
    network.start({
      ip,
      port: 1,
      senderId: () => ip,
      handler: async () => ({ status: 200, body: {} }),
    }),
  );
  const socket = new InMemorySocket(network, near!);
  const other = new InMemorySocket(network, far!, socket);
  const read: string[] = [];
  other.on('data', (chunk: Buffer) => read.push(chunk.toString()));
  return { clock, network, near: near!, far: far!, socket, other, read };
}

describe('a socket in memory', () => {
  it('carries what is written, in its order, after the latency', async () => {
    const { clock, socket, read } = connection();
    socket.write('one ');
    socket.write('two ');
    await clock.run(9);
    expect(read).toEqual([]);
    await clock.run(100);
    expect(read.join('')).toBe('one two ');
    expect(socket.bytesWritten).toBe(8);
  });

  it('keeps what its writer does with the memory afterwards to itself', async () => {
    const { clock, socket, read } = connection();
    const memory = Buffer.from('one');
    socket.write(memory, () => memory.fill('x'));
    await clock.run(100);
    expect(read).toEqual(['one']);
  });

  it('loses nothing of what a cut link or loss holds up', async () => {
    const { clock, network, socket, read } = connection();
    const heal = network.links.part(['10.0.0.1'], ['10.0.0.2']);
    socket.write('one ');
    await clock.run(5000);
    expect(read).toEqual([]);
    heal();
    network.loss = 0.5;
    for (let sent = 0; sent < 20; sent++) {
      socket.write(`${sent} `);
    }
    await clock.run(20_000);
    expect(read.join('')).toBe(
      `one ${Array.from({ length: 20 }, (_, sent) => `${sent} `).join('')}`,
    );
  });

  it('holds back what a process that stalls would read or write', async () => {
    const { clock, near, far, socket, read } = connection();
    far.stall();
    socket.write('one ');
    await clock.run(1000);
    expect(read).toEqual([]);
    far.wake();
    near.stall();
    socket.write('two ');
    await clock.run(1000);
    expect(read).toEqual(['one ']);
    near.wake();
    await clock.run(1000);
    expect(read).toEqual(['one ', 'two ']);
  });

  it('is full when the other side does not read', async () => {
    const { clock, socket, other } = connection();
    other.pause();
    while (socket.write('x'.repeat(1000))) {
      // More.
    }
    await clock.run(1000);
    const waiting = socket.writableLength;
    expect(waiting).toBeGreaterThan(0);
    other.resume();
    await clock.run(10_000);
    expect(socket.writableLength).toBe(0);
  });

  it('ends one direction, and then the other', async () => {
    const { clock, socket, other } = connection();
    const said: string[] = [];
    other.on('end', () => other.end('bye'));
    socket.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    socket.on('close', () => said.push('closed'));
    socket.end();
    await clock.run(1000);
    expect(said).toEqual(['bye', 'closed']);
    expect(other.destroyed).toBe(true);
  });

  it('closes where the other end breaks', async () => {
    const { clock, socket, other } = connection();
    const closed = new Promise((resolve) => other.once('close', resolve));
    socket.destroy();
    await clock.run(1000);
    await closed;
    expect(other.destroyed).toBe(true);
  });
});
