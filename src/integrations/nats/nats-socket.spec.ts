import { once } from 'node:events';
import { until } from '../../../test/support/until.js';
import { NatsSocket } from './nats-socket.js';

const MIB = 1024 * 1024;

/** Two ends; `lose` says which parts do not arrive. */
function pair(lose: (part: Uint8Array) => boolean = () => false) {
  const ends: NatsSocket[] = [];
  let largest = 0;
  const wire = (other: number) => ({
    maxBytes: 64 * 1024,
    send: (part: Uint8Array) => {
      largest = Math.max(largest, part.length);
      if (!lose(part)) {
        setImmediate(() => ends[other]!.receive(Buffer.from(part)));
      }
      return true;
    },
    onClose: () => undefined,
  });
  ends.push(new NatsSocket(wire(1)), new NatsSocket(wire(0)));
  ends.forEach((end) => end.on('error', () => undefined));
  return { ends: ends as [NatsSocket, NatsSocket], largest: () => largest };
}

describe('NatsSocket', () => {
  it('carries bytes whole and in order, in parts that the server takes', async () => {
    const { ends, largest } = pair();
    const [one, two] = ends;
    const sent = Buffer.from(
      Array.from({ length: 3 * MIB }, (_, n) => n % 251),
    );
    one.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of two) {
      chunks.push(chunk as Buffer);
    }
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(largest()).toBeLessThanOrEqual(64 * 1024);
    expect(one.bytesWritten).toBe(sent.length);
  });

  it('holds the writer back while the other side does not read', async () => {
    const { ends } = pair();
    const [one, two] = ends;
    two.pause();
    let written = 0;
    for (let n = 0; n < 40; n++) {
      one.write(Buffer.alloc(MIB / 10), () => written++);
    }
    await until(() => two.readableLength > MIB - 128 * 1024);
    expect(written).toBeLessThan(12);
    expect(two.readableLength).toBeLessThanOrEqual(MIB + 128 * 1024);
    two.resume();
    one.end();
    await once(two, 'end');
    expect(written).toBe(40);
  });

  it('ends at both sides where a part is lost', async () => {
    let parts = 0;
    const { ends } = pair(([kind]) => kind === 0 && parts++ === 1);
    const [one, two] = ends;
    two.resume();
    one.write(Buffer.alloc(200 * 1024));
    await until(() => one.destroyed && two.destroyed);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['too little', Buffer.from([0, 0])],
    ['another number', Buffer.from([0, 0, 0, 0, 7, 1])],
    ['more than there is room for', Buffer.alloc(3 * MIB)],
  ])('does not go on after %s', async (_, part) => {
    const [one] = pair().ends;
    one.pause();
    one.receive(part);
    one.receive(part);
    await until(() => one.destroyed);
  });
});
