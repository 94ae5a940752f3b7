import { ObserveService } from '../../../src/observe/index.js';
import {
  createProtocolApp,
  SELF_ID,
  WAYS,
  type ProtocolApp,
  type ProtocolAppSetup,
} from './support/protocol-app.js';

/** PROTOCOL.md, section 6. What is asked by the command is in test/cli. */
let peer: ProtocolApp | undefined;

afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

async function start(setup?: ProtocolAppSetup): Promise<ProtocolApp> {
  await peer?.close();
  peer = await createProtocolApp(setup);
  return peer;
}

const MEMBERS = { ask: 'members' };

it.each(WAYS)('/observe answers a stranger, $adapter, $mode', async (way) => {
  const target = await start(way);
  const answer = await target.post('/observe', MEMBERS, 'observer');
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    self: SELF_ID,
    members: [{ id: SELF_ID, isSelf: true, state: 'alive' }],
  });
});

it('an open cloud is observed from its own machine only', async () => {
  const target = await start();
  for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
    const answer = await target
      .post('/observe', MEMBERS)
      .set(header, '10.0.0.7');
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'NOT_FROM_HERE' });
  }
  const trusting = await start({
    adapter: 'express',
    prepare: (app) =>
      (
        app.getHttpAdapter().getInstance() as { set(...o: unknown[]): void }
      ).set('trust proxy', true),
    options: { observe: { remote: true } },
  });
  const remote = () =>
    trusting.post('/observe', MEMBERS).set('x-forwarded-for', '10.0.0.7');
  expect((await remote()).status).toBe(200);
});

it('a member is no observer, and a browser is nobody', async () => {
  const target = await start();
  await target.join('member-a', 4001);
  for (const id of ['member-a', SELF_ID]) {
    const answer = await target.post('/observe', MEMBERS, id);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'IS_MEMBER' });
  }
  const browser = await target
    .post('/observe', MEMBERS)
    .set('origin', 'http://x');
  expect(browser.body).toMatchObject({ code: 'FROM_BROWSER' });
});

it.each<[object, number, string]>([
  [[], 400, 'INVALID_BODY'],
  [{}, 400, 'INVALID_BODY'],
  [{ ask: '__proto__' }, 400, 'INVALID_BODY'],
  [{ ask: 'owner' }, 400, 'INVALID_BODY'],
  [{ ask: 'next', feed: 7 }, 400, 'INVALID_BODY'],
  [{ ask: 'next', feed: 'none' }, 404, 'NO_SUCH_FEED'],
  [{ ask: 'send', to: SELF_ID }, 400, 'INVALID_BODY'],
  [{ ask: 'send', to: SELF_ID, body: [] }, 400, 'INVALID_BODY'],
  [{ ask: 'send', to: 'nobody', body: {} }, 404, 'NO_SUCH_PEER'],
  [{ ask: 'broadcast', body: {}, timeout: '5' }, 400, 'INVALID_BODY'],
  [{ ask: 'broadcast', body: {}, timeout: 0 }, 400, 'INVALID_BODY'],
  [{ ask: 'jobs' }, 404, 'NO_SCHEDULE'],
  [{ ask: 'secrets' }, 409, 'NO_SECRET'],
])('%j is answered %i %s', async (body, status, code) => {
  const target = await start();
  const answer = await target.post('/observe', body);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ code });
  expect(target.logs.of('error')).toEqual([]);
});

it.each([
  'x',
  {},
  { use: 1 },
  { install: {}, present: 1 },
  { install: { [SELF_ID]: 'x' }, present: 'x' },
])('a step of a rotation that is none is 400: %j', async (change) => {
  // Whoever may ask is judged elsewhere; this is about what is asked.
  const target = await start({
    options: { security: { secret: 'a secret of 32 characters, or more' } },
    verifier: { verify: () => ({ ok: true }) },
  });
  const answer = await target.post('/observe', { ask: 'secrets', change });
  expect(answer.status).toBe(400);
});

it('as many feeds are open as is allowed, and not one more', async () => {
  const target = await start();
  const statuses: number[] = [];
  for (let number = 0; number < 33; number++) {
    statuses.push((await target.post('/observe', { ask: 'events' })).status);
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(32);
  expect(statuses.at(-1)).toBe(429);
});

it('a shutdown does not wait for those who listen', async () => {
  const target = await start();
  const service = target.app.get(ObserveService);
  const { feed } = (await service.answer({ ask: 'events' })) as {
    feed: string;
  };
  const next = service.answer({ ask: 'next', feed });
  await target.close();
  peer = undefined;
  expect(await next).toMatchObject({ items: [], done: true });
});
