import {
  ForbiddenException,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import request from 'supertest';
import {
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
  type PeerCloudOptions,
} from '../../../src/index.js';
import {
  PeerCloudConsoleModule,
  type CloudView,
  type PeerCloudConsoleOptions,
} from '../../../src/integrations/console/index.js';
import {
  agree,
  appPort,
  closePeers,
  QUICK,
  startPeer,
  type AdapterName,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

afterEach(closePeers);

@Injectable()
class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{
      headers: Record<string, string>;
    }>();
    return headers['x-admin'] === 'yes';
  }
}

@Injectable()
class Refuses {
  @OnPeerMessage()
  refuse(): never {
    throw new ForbiddenException();
  }
}

interface Setup extends PeerCloudConsoleOptions {
  adapter?: AdapterName;
  options?: PeerCloudOptions;
}

function startConsole({ adapter, options, ...rest }: Setup = {}) {
  return startPeer({
    adapter,
    module: PeerCloudModule.forRoot({ ...QUICK, ...options, isGlobal: true }),
    imports: [PeerCloudConsoleModule.forRoot(rest)],
  });
}

const server = ({ app }: PeerApp) =>
  (app as INestApplication).getHttpServer() as string;

const viewOf = async (peer: PeerApp): Promise<CloudView> => {
  const answer = await request(server(peer)).get('/cloud/api/cloud');
  expect(answer.status).toBe(200);
  return answer.body as CloudView;
};

const PAGES = [
  ['get', '/admin/cloud', 'text/html; charset=utf-8'],
  ['get', '/admin/cloud/console.js', 'text/javascript; charset=utf-8'],
  ['get', '/admin/cloud/console.css', 'text/css; charset=utf-8'],
  ['get', '/admin/cloud/console.svg', 'image/svg+xml; charset=utf-8'],
  ['get', '/admin/cloud/api/cloud', 'application/json; charset=utf-8'],
] as const;

describe.each(['express', 'fastify'] as const)(
  'the console (%s)',
  (adapter) => {
    const setup = { adapter, path: 'admin/cloud', guards: [AdminGuard] };

    it('is behind its guards with every route', async () => {
      const peer = await startConsole(setup);
      const { id } = peer.membership.self;
      const check = `/admin/cloud/api/members/${id}/check`;
      for (const [, path] of PAGES) {
        expect((await request(server(peer)).get(path)).status).toBe(403);
      }
      expect((await request(server(peer)).post(check)).status).toBe(403);
      const events = await fetch(
        `http://127.0.0.1:${appPort(peer)}/admin/cloud/api/events`,
      );
      expect(events.status).toBe(403);
      await events.text();
    });

    it('shows those who may see it everything', async () => {
      const peer = await startConsole(setup);
      for (const [, path, type] of PAGES) {
        const answer = await request(server(peer))
          .get(path)
          .set('x-admin', 'yes');
        expect([path, answer.status]).toEqual([path, 200]);
        expect(answer.headers['content-type']).toBe(type);
      }
    });

    it('sends the events that were, and those that come', async () => {
      const peer = await startConsole({ adapter });
      const base = `http://127.0.0.1:${appPort(peer)}/cloud`;
      const other = await startPeer({ options: { peers: [peer.address] } });
      await until(() => agree([peer, other]));
      const ends = new AbortController();
      const stream = await fetch(`${base}/api/events`, { signal: ends.signal });
      let text = '';
      void (async () => {
        for await (const chunk of stream.body!) {
          text += Buffer.from(chunk).toString();
        }
      })().catch(() => undefined);
      await until(() => text.includes('peer.joined'));
      await other.close();
      await until(() => text.includes('peer.left'));
      expect(text).toMatch(/^id: 1$/m);
      ends.abort();
    });
  },
);

it('lets nothing of elsewhere into its page', async () => {
  const peer = await startConsole();
  const page = await request(server(peer)).get('/cloud/?a="><script>');
  expect(page.headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'self';/,
  );
  expect(page.headers['content-security-policy']).not.toContain('unsafe');
  expect(page.text).toContain('src="/cloud/console.js"');
  expect(page.text).not.toMatch(/https?:|"><script>/);
});

describe('a console without guards', () => {
  it('answers on loopback alone, and says so at the start', async () => {
    const lines: string[] = [];
    const keep = (line: unknown) => void lines.push(String(line));
    const quiet = () => undefined;
    const peer = await startPeer({
      module: PeerCloudModule.forRoot({ ...QUICK, isGlobal: true }),
      imports: [PeerCloudConsoleModule.forRoot()],
      logger: { log: quiet, error: quiet, warn: keep },
    });
    expect(lines).toContainEqual(
      expect.stringContaining('the console at /cloud has no guards'),
    );
    const get = () => request(server(peer)).get('/cloud/api/cloud');
    expect((await get()).status).toBe(200);
    for (const [name, value] of [
      ['x-forwarded-for', '203.0.113.7'],
      ['forwarded', 'for=203.0.113.7'],
      ['host', 'rebound.example'],
    ] as const) {
      expect([name, (await get().set(name, value)).status]).toEqual([
        name,
        403,
      ]);
    }
  });
});

describe('the view of the cloud', () => {
  it('has what each member says, and why others say nothing', async () => {
    const seed = await startConsole({
      version: '1.0.0',
      options: { data: { name: 'first' } },
    });
    const peers = [seed.address];
    const [same, none, garbage] = await Promise.all([
      startConsole({ version: '2.0.0', options: { peers } }),
      startPeer({ options: { peers } }),
      startPeer({ options: { peers } }),
    ]);
    garbage.app
      .get(MessagingService, { strict: false })
      .channel('console')
      .handle(() => ({ version: 7 }));
    await until(() => agree([seed, same, none, garbage]));
    const view = await viewOf(seed);
    const of = (peer: PeerApp) =>
      view.members.find(({ id }) => id === peer.membership.self.id)!;
    expect(of(seed)).toMatchObject({
      name: 'first',
      isSelf: true,
      report: { appVersion: '1.0.0', suspects: [] },
    });
    expect(of(same).report).toMatchObject({
      appVersion: '2.0.0',
      list: of(seed).report!.list,
    });
    expect(of(same).roundTrip!.p50).toBeGreaterThan(0);
    expect(of(same).lane).toMatchObject({ kind: 'stream' });
    expect(of(seed).lane).toBeUndefined();
    expect(of(none)).toMatchObject({ silence: 'it has no console' });
    expect(of(garbage)).toMatchObject({ silence: 'its report cannot be read' });
  });

  it('counts messages and failures', async () => {
    const seed = await startConsole();
    const other = await startPeer({
      options: { peers: [seed.address] },
      providers: [Refuses],
    });
    await until(() => agree([seed, other]));
    const target = other.membership.self.id;
    await expect(seed.messaging.send(target, { type: 'x' })).rejects.toThrow();
    await until(async () => {
      const [own] = (await viewOf(seed)).members;
      return own!.report!.rates.sent > 0;
    });
    const [own] = (await viewOf(seed)).members;
    expect(own!.report!.rates.failures).toEqual({ BAD_STATUS: 1 });
  });

  it('checks a member at once, for the console alone', async () => {
    const seed = await startConsole();
    const other = await startPeer({ options: { peers: [seed.address] } });
    await until(() => agree([seed, other]));
    const path = `/cloud/api/members/${other.membership.self.id}/check`;
    const post = () => request(server(seed)).post(path);
    expect((await post()).body).toEqual({ online: true });
    expect((await post().set('sec-fetch-site', 'cross-site')).status).toBe(403);
    const nobody = '/cloud/api/members/nobody/check';
    expect((await request(server(seed)).post(nobody)).status).toBe(404);
  });
});

it.each([
  [{ path: '/cloud' }, 'console.path'],
  [{ path: '' }, 'console.path'],
  [{ guards: [] }, 'console.guards'],
  [{ guards: ['admin'] }, 'console.guards'],
  [{ version: 1 }, 'console.version'],
])('%j ends the start with an error that names it', (options, name) => {
  expect(() =>
    PeerCloudConsoleModule.forRoot(options as PeerCloudConsoleOptions),
  ).toThrow(name);
});
