import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  createProtocolApp,
  type AdapterName,
  type ProtocolApp,
} from './support/protocol-app.js';

const ADAPTERS: AdapterName[] = ['express', 'fastify'];

describe.each(ADAPTERS)('remote address, %s', (adapter) => {
  let peer: ProtocolApp;

  afterEach(() => peer.close());

  async function joinFrom(forwarded: string) {
    peer.transport.answer('10.1.2.3:9338', 'member-a');
    peer.transport.answer('127.0.0.1:9338', 'member-a');
    const answer = await peer
      .post('/join', { id: 'member-a' })
      .set('x-forwarded-for', forwarded);
    return (answer.body as { ip?: string }).ip;
  }

  it('is the socket’s, whatever a header says', async () => {
    peer = await createProtocolApp({ adapter });
    expect(await joinFrom('10.1.2.3')).toBe('127.0.0.1');
  });

  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['unknown', '127.0.0.1'],
  ])(
    'is the client’s where the app trusts its proxy: %s',
    async (header, ip) => {
      peer = await createProtocolApp({
        adapter,
        httpAdapter: trusting(adapter),
      });
      expect(await joinFrom(header)).toBe(ip);
    },
  );
});

function trusting(adapter: AdapterName) {
  if (adapter === 'fastify') {
    return new FastifyAdapter({ trustProxy: true });
  }
  const express = new ExpressAdapter();
  express.set('trust proxy', true);
  return express;
}
