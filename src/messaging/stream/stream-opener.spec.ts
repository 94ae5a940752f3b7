import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { streamMember } from '../../../test/support/stream-fixture.js';
import { until } from '../../../test/support/until.js';
import { PlainStreamSecurity } from '../../security/open-cloud.js';
import { createStreamOpener, type OpenedStream } from './stream-opener.js';

const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

let server: Server | undefined;

afterEach(() => server?.close());

/** Opens a stream to a member that answers with these bytes, in one packet. */
async function open(answer: string): Promise<OpenedStream> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opener = createStreamOpener({
    security: new PlainStreamSecurity(() => 'self'),
    maxHeaderBytes: 2048,
    tls: () => undefined,
  });
  return opener(streamMember('a', port), 5000);
}

describe('createStreamOpener', () => {
  it('gives a stream that has broken with its head, and nothing that ends the process', async () => {
    const unheard = vi.fn();
    process.on('uncaughtException', unheard);
    onTestFinished(() => void process.off('uncaughtException', unheard));
    const { request, response } = await open(`${HEAD}ZZZ\r\n`);
    response.on('error', () => undefined);
    await until(() => request.closed && response.closed);
    expect(unheard).not.toHaveBeenCalled();
  });

  it('reads no headers over the limit', async () => {
    const padding = `x-padding: ${'x'.repeat(4096)}\r\n\r\n`;
    await expect(open(HEAD.replace(/\r\n$/, padding))).rejects.toMatchObject({
      cause: { code: 'HPE_HEADER_OVERFLOW' },
    });
  });
});
