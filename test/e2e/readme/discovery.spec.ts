import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import {
  fileSource,
  MembershipService,
  PeerCloudModule,
  type PeerSource,
} from '../../../src/index.js';
import { validateManifest } from '../../support/manifests.js';
import { until } from '../../support/until.js';

const page = readFileSync('docs/discovery.md', 'utf8');

/** A block of the page's code. */
function block(language: string, part: string): string {
  const blocks = [...page.matchAll(/```(\w+)\n([^]*?)```/g)];
  return blocks.find(
    ([, l, text]) => l === language && text!.includes(part),
  )![2]!;
}

/** The recipe for EndpointSlices, with an API and an account of the test's. */
async function recipe(api: string, account: string) {
  const { outputText } = ts.transpileModule(
    block('ts', 'podsOf')
      .replace("'https://kubernetes.default.svc'", JSON.stringify(api))
      .replace(/'\/var\/run.*?'/, JSON.stringify(account)),
    { compilerOptions: { module: ts.ModuleKind.ESNext } },
  );
  const url = `data:text/javascript,${encodeURIComponent(outputText)}`;
  const { podsOf } = (await import(/* @vite-ignore */ url)) as {
    podsOf: (service: string, port?: number) => PeerSource;
  };
  return podsOf;
}

it('a peer that is alone finds the others when they are written into its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'peers-'));
  const path = join(folder, 'peers.txt');
  const apps = await Promise.all(
    [[], [fileSource(path)]].map(async (peers) => {
      const module = await Test.createTestingModule({
        imports: [PeerCloudModule.forRoot({ peers })],
      }).compile();
      const app = module.createNestApplication<INestApplication<Server>>({
        logger: false,
      });
      await app.listen(0, '127.0.0.1');
      return app;
    }),
  );
  try {
    const [first, second] = apps as [(typeof apps)[0], (typeof apps)[0]];
    const membership = second.get(MembershipService);
    await membership.whenJoined();
    expect(membership.isJoined).toBe(false);
    const { port } = first.getHttpServer().address() as AddressInfo;
    writeFileSync(path, `127.0.0.1:${port}\n`);
    await until(() => membership.isJoined);
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    rmSync(folder, { recursive: true });
  }
});

describe('the recipe for EndpointSlices', () => {
  let server: Server;
  let account: string;
  let podsOf: Awaited<ReturnType<typeof recipe>>;
  let answer: { status: number; body: unknown };
  const requests: IncomingMessage[] = [];

  beforeEach(async () => {
    account = mkdtempSync(join(tmpdir(), 'account-'));
    writeFileSync(join(account, 'token'), 'first');
    writeFileSync(join(account, 'namespace'), 'shop');
    requests.length = 0;
    server = createServer((request, response) => {
      requests.push(request);
      response.writeHead(answer.status).end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    podsOf = await recipe(`http://127.0.0.1:${port}`, account);
  });

  afterEach(() => {
    server.close();
    rmSync(account, { recursive: true });
  });

  const { signal } = new AbortController();

  it('names the pods of a Service by the token of the moment', async () => {
    const endpoint = (ip: string, conditions = {}) => ({
      addresses: [ip],
      conditions: { ready: false, ...conditions },
    });
    answer = {
      status: 200,
      body: {
        kind: 'EndpointSliceList',
        items: [
          { endpoints: [endpoint('10.0.0.1'), endpoint('10.0.0.2')] },
          { endpoints: [endpoint('10.0.0.3', { terminating: true })] },
          { addressType: 'IPv4' },
        ],
      },
    };
    const source = podsOf('app-peers');
    expect(await source.seeds(signal)).toEqual([
      { ip: '10.0.0.1', port: 9338 },
      { ip: '10.0.0.2', port: 9338 },
    ]);
    writeFileSync(join(account, 'token'), 'second');
    await source.seeds(signal);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
    const { pathname, searchParams } = new URL(requests[0]!.url!, 'http://api');
    expect(pathname).toBe(
      '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices',
    );
    expect(searchParams.get('labelSelector')).toBe(
      'kubernetes.io/service-name=app-peers',
    );
  });

  it('fails with what the API says, and ends with its signal', async () => {
    answer = { status: 403, body: { message: 'endpointslices is forbidden' } };
    await expect(podsOf('app').seeds(signal)).rejects.toThrow(
      /403: .*endpointslices is forbidden/,
    );
    await expect(
      podsOf('app').seeds(AbortSignal.abort()),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('has manifests that are as their schemas say', () => {
    const documents = parseAllDocuments(block('yaml', 'RoleBinding'));
    const manifests = documents.map((each) => each.toJS() as { kind: string });
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'Role',
      'RoleBinding',
    ]);
    for (const manifest of manifests) {
      expect(() => validateManifest(manifest)).not.toThrow();
    }
  });
});
