import fc from 'fast-check';
import { Pool } from 'undici';
import { byAmount } from '../../support/amount.js';
import {
  brokenRequest,
  changedRequest,
  type WireRequest,
} from './support/mutations.js';
import {
  createProtocolApp,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

/** In all: this many of each of the two kinds, in each of the four ways; whole batches. */
const REQUESTS = byAmount({ quick: 250, slow: 1250, long: 25_000 });

/** So many go at once: what a refused join waits for is waited for by all of them together. */
const BATCH = 125;

const STACK = /\n {4}at |node_modules|file:|\.[jt]s:\d/;

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

describe.each(WAYS)('mutated requests, $adapter, $mode', (way) => {
  let peer: ProtocolApp;
  let pool: Pool;
  let members: string;

  beforeAll(async () => {
    console.log(`mutations: FUZZ_SEED=${seed}`);
    peer = await createProtocolApp(way);
    await peer.join('member-a', 4001, { data: { n: 1 } });
    peer.transport.answer('127.0.0.1:4002', 'member-b');
    pool = new Pool(peer.url, { connections: BATCH });
    members = listOf(peer);
  });

  afterAll(async () => {
    await pool.close();
    await peer.close();
  });

  async function send({ path, headers, body }: WireRequest) {
    const answer = await pool.request({ method: 'POST', path, headers, body });
    const text = await answer.body.text();
    expect(answer.statusCode).toBeLessThan(500);
    expect(text).not.toMatch(STACK);
    expect(listOf(peer)).toBe(members);
    return { status: answer.statusCode, text };
  }

  it('that are broken are refused and change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(batchOf(brokenRequest), async (requests) => {
        for (const { status, text } of await Promise.all(requests.map(send))) {
          expect([400, 413, 415]).toContain(status);
          expect(JSON.parse(text)).toMatchObject({ statusCode: status });
        }
      }),
      { seed, numRuns: REQUESTS / BATCH },
    );
  }, 240_000);

  it('that are changed at random are answered and change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(batchOf(changedRequest), async (requests) => {
        for (const { status, text } of await Promise.all(requests.map(send))) {
          expect([200, 400, 403, 413, 415]).toContain(status);
          JSON.parse(text);
        }
      }),
      { seed, numRuns: REQUESTS / BATCH },
    );
  }, 240_000);

  it('are no error of ours', () => {
    expect(peer.logs.of('error')).toEqual([]);
  });
});

function batchOf(request: fc.Arbitrary<WireRequest>) {
  return fc.array(request, { minLength: BATCH, maxLength: BATCH });
}

function listOf(peer: ProtocolApp): string {
  const members = peer.core.members().map(({ id, ip, port, data, state }) => ({
    id,
    ip,
    port,
    data,
    state,
  }));
  return JSON.stringify(members);
}
