import {
  type AddressInfo,
  type Socket,
  connect,
  createServer,
  type Server,
} from 'node:net';
import fc from 'fast-check';
import type { MembershipCore } from '../../src/membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../../src/options/peer-cloud.tokens.js';
import {
  BATCH,
  count,
  fuzz,
  isLong,
  report,
  TIMEOUT,
} from './support/budget.js';
import { switchingHead } from '../support/stream-server.js';
import { FuzzCloud } from './support/fuzz-cloud.js';
import { LIAR } from './support/liar.js';
import { pieces, streamBytes } from './support/stream-lines.js';

/** Ms that the peer waits for a reply. */
const WAIT = 40;

/** How a stream ends: in order, by a reset, or not at all. */
type End = 'end' | 'close' | 'reset' | 'hang';

interface Talk {
  bytes: Buffer;
  /** Bytes of each write. */
  size: number;
  end: End;
}

function talks(kind: 'm' | 'r'): fc.Arbitrary<Talk[]> {
  return fc.array(
    fc.record({
      bytes: streamBytes(kind),
      size: fc.constantFrom(1 << 20, 1 << 20, 50, 7),
      end: fc.constantFrom<End>(
        ...(['end', 'end', 'close', 'reset', 'hang'] as const),
      ),
    }),
    { minLength: BATCH, maxLength: BATCH },
  );
}

/** Says it, and ends as told; pieces of few bytes are for small talks only. */
function say(socket: Socket, { bytes, size, end }: Talk): void {
  for (const piece of pieces(bytes, bytes.length > 20_000 ? 1 << 20 : size)) {
    socket.write(piece);
  }
  switch (end) {
    case 'end':
      socket.end('["e"]\n');
      break;
    case 'close':
      socket.write('', () => socket.destroy());
      break;
    case 'reset':
      socket.write('', () => socket.resetAndDestroy());
  }
}

describe('streams that others open', () => {
  const suite = 'streams to a peer';
  let peers: FuzzCloud;

  beforeAll(async () => {
    peers = await FuzzCloud.start('open', 2);
  }, TIMEOUT);

  afterAll(async () => {
    report(suite);
    await peers.close();
  }, TIMEOUT);

  function open(talk: Talk): Promise<void> {
    const { port } = peers.subject;
    const sender = peers.others.at(-1)!.membership.self.id;
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined).once('close', () => resolve());
      socket.write(
        `GET /stream HTTP/1.1\r\nhost: x\r\nx-peercloud-id: ${sender}\r\nconnection: upgrade\r\nupgrade: peercloud/1\r\n\r\n`,
      );
      // Only who has heard the greeting is listened to.
      socket.once('data', () => say(socket, talk));
      // What it answers is nobody's business; when it has answered, the talk has been read.
      let waiting = setTimeout(() => socket.destroy(), WAIT);
      socket.on('data', () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => socket.destroy(), WAIT / 4);
      });
    });
  }

  it(
    'break nothing, whatever is said on them',
    async () => {
      let cases = 0;
      await fuzz(
        fc.asyncProperty(talks('m'), async (batch) => {
          await Promise.all(batch.map(open));
          count(suite, batch.length);
          await peers.expectSound();
          cases += batch.length;
          if (isLong && cases === 2000) {
            peers.memory.begin();
          }
        }),
        0.1,
      );
      await peers.expectIntact();
      peers.memory.expectFlat();
    },
    TIMEOUT,
  );
});

describe('streams to a lying member', () => {
  const suite = 'streams from a peer';
  let peers: FuzzCloud;
  let core: MembershipCore;
  let server: Server;
  let talk: Talk | undefined;
  let incarnation = 0;
  let streams = 0;

  beforeAll(async () => {
    peers = await FuzzCloud.start('open', 1, { healthCheck: false });
    core = peers.subject.app.get(MEMBERSHIP_CORE, { strict: false });
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (head) => answer(socket, head.toString('latin1')));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    peers.allow(portOf(server));
  }, TIMEOUT);

  afterAll(async () => {
    report(suite);
    server.close();
    await peers.close();
  }, TIMEOUT);

  function answer(socket: Socket, head: string): void {
    if (head.startsWith('GET /stream') && talk) {
      streams += head.includes(peers.subject.membership.self.id) ? 1 : 0;
      socket.write(switchingHead());
      say(socket, talk);
      setTimeout(() => socket.destroy(), WAIT * 2).unref();
      return;
    }
    const body = JSON.stringify({ id: LIAR, online: true });
    socket.end(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  async function tell(path: string, body: object): Promise<void> {
    const { port } = peers.subject;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-peercloud-id': LIAR },
      body: JSON.stringify(body),
    });
    await answer.text();
  }

  /** Leaves and joins, so that nobody remembers how the last stream ended. */
  async function joinAgain(): Promise<void> {
    await tell('/left', { id: LIAR });
    incarnation = Math.max(incarnation + 1, Date.now());
    const [ip, port] = ['127.0.0.1', portOf(server)];
    await tell('/join', {
      id: LIAR,
      ip,
      port,
      features: ['upgrade'],
      incarnation,
    });
  }

  async function send(next: Talk): Promise<void> {
    await joinAgain();
    talk = next;
    const { messaging } = peers.subject;
    const sent = [1, 2, 3].map((n) =>
      messaging.send(LIAR, { n }, { timeout: WAIT }).catch((error: unknown) => {
        expect(error).toMatchObject({
          code: expect.stringMatching(/^[A-Z_]+$/) as string,
        });
      }),
    );
    await Promise.all(sent);
  }

  it(
    'break nothing, whatever it says on them',
    async () => {
      let cases = 0;
      await fuzz(
        fc.asyncProperty(talks('r'), async (batch) => {
          for (const each of batch) {
            await send(each);
          }
          count(suite, batch.length);
          await peers.expectSound();
          cases += batch.length;
          if (isLong && cases === 2000) {
            peers.memory.begin();
          }
        }),
        0.1,
      );
      expect(streams).toBeGreaterThanOrEqual(cases);
      await peers.expectIntact(LIAR);
      expect(core.members().length).toBeLessThanOrEqual(2);
      peers.memory.expectFlat();
    },
    TIMEOUT,
  );
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
