import { objectOf } from './support/scripted-transport.js';
import {
  createProtocolApp,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

/** What an answer would have of a stack or of this machine. */
const STACK = /\n {4}at |node_modules|file:|\.[jt]s:\d/;

const LONG_ID = 'x'.repeat(10_240);

const BAD_IDS: [string, unknown][] = [
  ['a number', 7],
  ['an object', {}],
  ['an array', ['a']],
  ['true', true],
  ['nothing at all', ''],
  ['a space', 'a b'],
  ['a line break', 'a\nb'],
  ['a letter out of ASCII', 'ä'],
  ['129 characters', 'x'.repeat(129)],
  ['10 kB', LONG_ID],
];

const BAD_PORTS: [string, unknown][] = [
  ['0', 0],
  ['-1', -1],
  ['65536', 65_536],
  ['a fraction', 80.5],
  ['1e9', 1e9],
  ['text', 'http'],
  ['digits and more', '80x'],
  ['no digits', ''],
  ['an array', [80]],
  ['true', true],
];

const BAD_ADDRESSES: [string, unknown][] = [
  ['a number', 2_130_706_433],
  ['digits', '2130706433'],
  ['a short form', '127.1'],
  ['hexadecimal', '0x7f000001'],
  ['octal', '0177.0.0.1'],
  ['a URL', 'http://127.0.0.1/'],
  ['a port', '127.0.0.1:80'],
  ['a path', '127.0.0.1/x'],
  ['a user', 'a@127.0.0.1'],
  ['a zone', 'fe80::1%eth0'],
  ['an array', ['127.0.0.1']],
  ['10 kB', LONG_ID],
];

const BAD_DATA: [string, unknown][] = [
  ['an array', []],
  ['text', 'text'],
  ['a number', 7],
  ['false', false],
];

const BAD_EXTENSIONS: [string, unknown][] = [
  ['features', 'gossip'],
  ['features', [1]],
  ['features', ['x'.repeat(65)]],
  ['features', Array.from({ length: 33 }, () => 'x')],
  ['incarnation', '1'],
  ['incarnation', -1],
  ['incarnation', 1.5],
  ['incarnation', 2 ** 60],
  ['cloud', ''],
  ['cloud', 7],
  ['cloud', 'x'.repeat(129)],
  ['scheme', 'ftp'],
  ['signature', 7],
  ['signature', 'x'.repeat(1025)],
];

describe.each(WAYS)('bad input, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  beforeAll(async () => {
    peer = await createProtocolApp(way);
    await peer.join('member-a', 4001, { data: { n: 1 } });
    peer.transport.answer('127.0.0.1:4002', 'member-b');
  });

  afterEach(() => {
    expect(peer.core.members()).toMatchObject([
      { id: 'member-a', ip: '127.0.0.1', port: 4001, data: { n: 1 } },
    ]);
    expect(peer.logs.of('error')).toEqual([]);
  });

  afterAll(() => peer.close());

  async function expectRefused(
    path: string,
    body: unknown,
    code = 'INVALID_BODY',
    status = 400,
  ): Promise<void> {
    const answer = await peer
      .post(path, undefined, 'member-a')
      .set('content-type', 'application/json')
      .send(typeof body === 'string' ? body : JSON.stringify(body));
    expect([answer.status, objectOf(answer.body).code]).toEqual([status, code]);
    expect(Object.keys(objectOf(answer.body)).toSorted()).toEqual([
      'code',
      'error',
      'message',
      'statusCode',
    ]);
    expect(answer.text).not.toMatch(STACK);
    expect(answer.text.length).toBeLessThan(500);
  }

  const BODY_PATHS = ['/join', '/joined', '/left', '/update', '/sync'];

  it.each([...BODY_PATHS, '/message'])(
    '%s refuses arrays and primitives',
    async (path) => {
      for (const body of [
        '[]',
        '[{"id":"a"}]',
        '"text"',
        '7',
        'true',
        'null',
      ]) {
        await expectRefused(path, body);
      }
    },
  );

  it.each(['/joined', '/left', '/update'])(
    '%s refuses an empty body',
    async (path) => {
      await expectRefused(path, {});
      const nothing = await peer.post(path, undefined, 'member-a');
      expect(nothing.status).toBe(400);
    },
  );

  it.each([...BODY_PATHS, '/message', '/status', '/check'])(
    '%s refuses broken JSON',
    async (path) => {
      const broken = [
        '{',
        '{"id":}',
        "{'id':1}",
        '{"id":1}}',
        '{"a":1,}',
        'NaN',
      ];
      for (const body of broken) {
        await expectRefused(path, body, 'INVALID_JSON');
      }
    },
  );

  it.each([...BODY_PATHS, '/message', '/status'])(
    '%s refuses keys that change prototypes, however they are spelled',
    async (path) => {
      const hostile = [
        '{"id":"member-b","__proto__":{"admin":true}}',
        '{"data":{"deep":[{"__proto__":1}]}}',
        '{"\\u005f_proto__":{}}',
        '{"constructor":{"prototype":{"admin":true}}}',
        '{"data":{"constructor":{"prototype":{}}}}',
      ];
      for (const body of hostile) {
        await expectRefused(path, body, 'INVALID_JSON');
      }
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    },
  );

  it.each([...BODY_PATHS, '/message', '/status'])(
    '%s refuses JSON that is nested too deep',
    async (path) => {
      for (const depth of [200, 100_000]) {
        const body = '['.repeat(depth) + ']'.repeat(depth);
        await expectRefused(path, `{"data":${body}}`, 'INVALID_JSON');
      }
    },
  );

  it('refuses bytes that are no UTF-8', async () => {
    const answer = await peer
      .post('/status')
      .set('content-type', 'application/json')
      .serialize((body) => body as string)
      .send(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    expect(answer.status).toBe(400);
  });

  describe.each(['/join', '/joined', '/left', '/update'])('%s', (path) => {
    const valid = { id: 'member-b', ip: '127.0.0.1', port: 4002, data: {} };

    it.each(BAD_IDS)('refuses an id that is %s', async (_name, id) => {
      await expectRefused(path, { ...valid, id });
    });

    if (path === '/join' || path === '/joined') {
      it.each(BAD_PORTS)('refuses a port that is %s', async (_name, port) => {
        await expectRefused(path, { ...valid, port });
      });

      it.each(BAD_ADDRESSES)('refuses an ip that is %s', async (_name, ip) => {
        await expectRefused(path, { ...valid, ip });
      });

      it.each(BAD_EXTENSIONS)('refuses a wrong %s', async (name, value) => {
        await expectRefused(path, { ...valid, [name]: value });
      });
    }

    if (path !== '/left') {
      it.each(BAD_DATA)('refuses data that is %s', async (_name, data) => {
        await expectRefused(path, { ...valid, data });
      });

      it('answers 413 to data over the bound', async () => {
        const data = { text: 'x'.repeat(70_000) };
        await expectRefused(path, { ...valid, data }, 'BODY_TOO_LARGE', 413);
      });
    }
  });

  it.each([
    ['/joined', 'id'],
    ['/joined', 'ip'],
    ['/joined', 'port'],
    ['/left', 'id'],
    ['/update', 'id'],
    ['/update', 'data'],
  ])('%s refuses a body without %s', async (path, field) => {
    const valid = { id: 'member-b', ip: '127.0.0.1', port: 4002, data: {} };
    await expectRefused(path, { ...valid, [field]: undefined });
    await expectRefused(path, { ...valid, [field]: null });
  });

  it('takes a header with a wrong id for no id', async () => {
    for (const sender of [LONG_ID.slice(0, 200), 'a, b', '']) {
      const answer = await peer.post('/message', {}, sender);
      expect(answer.status).toBe(403);
    }
    const status = await peer.post('/status', {}, 'a, b');
    expect(status.status).toBe(200);
  });
});
