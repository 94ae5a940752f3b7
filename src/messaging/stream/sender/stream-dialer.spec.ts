import { once } from 'node:events';
import {
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { streamMember } from '../../../../test/support/stream-fixture.js';
import { until } from '../../../../test/support/until.js';
import { PlainStreamSecurity } from '../../../security/open-cloud.js';
import { FrameConnection, type OpenSocket } from '../framing/index.js';
import { createStreamDialer } from './stream-dialer.js';

const HEAD =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: peercloud/1\r\n\r\n';

let server: Server | undefined;

afterEach(() => server?.close());

/** Opens a stream to a member that answers with these bytes, in one packet. */
async function open(
  answer: string,
  then: (socket: Socket) => void = () => undefined,
): Promise<OpenSocket> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer, () => then(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opener = createStreamDialer({
    security: new PlainStreamSecurity(() => 'self'),
    maxHeaderBytes: 2048,
    tls: () => undefined,
  });
  return opener(streamMember('a', port), 5000);
}

describe('createStreamDialer', () => {
  it('gives the socket, and what came with the answer', async () => {
    const { socket, head } = await open(`${HEAD}{"v":1}\n`);
    expect(head.toString()).toBe('{"v":1}\n');
    socket.destroy();
  });

  it('gives a socket that breaks with its head, and nothing that ends the process', async () => {
    const unheard = vi.fn();
    process.on('uncaughtException', unheard);
    onTestFinished(() => void process.off('uncaughtException', unheard));
    const { socket } = await open(`${HEAD}`, (end) => end.resetAndDestroy());
    const connection = new FrameConnection(
      { socket, head: Buffer.alloc(0), codec: undefined },
      { maxBytes: 100 },
      { onLine: vi.fn(), onEnd: vi.fn(), onDrain: vi.fn(), onClose: vi.fn() },
      1000,
    );
    await until(() => connection.isClosed && socket.closed);
    expect(unheard).not.toHaveBeenCalled();
  });

  it.each([
    ['another protocol', HEAD.replace('peercloud/1', 'websocket'), 101],
    ['an ordinary answer', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 200],
    ['a refusal', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', 404],
  ])('is refused by %s', async (_, answer, status) => {
    await expect(open(answer)).rejects.toMatchObject({ status });
  });

  it('reads no headers over the limit', async () => {
    const padding = `x-padding: ${'x'.repeat(4096)}\r\n\r\n`;
    await expect(open(HEAD.replace(/\r\n$/, padding))).rejects.toMatchObject({
      cause: { code: 'HPE_HEADER_OVERFLOW' },
    });
  });
});
