import {
  ConflictException,
  Controller,
  Injectable,
  InternalServerErrorException,
} from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { firstValueFrom } from 'rxjs';
import {
  KeysService,
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
  PeerMetadata,
  type MessageMetadata,
} from '../../../src/index.js';
import {
  PeerCloudClient,
  PeerCloudMicroservicesModule,
  PeerCloudServer,
} from '../../../src/integrations/microservices/index.js';
import { PeerCloudTelemetryModule } from '../../../src/integrations/opentelemetry/index.js';
import { createTestCloud, type TestCloud } from '../../../src/testing/index.js';
import { Sdk } from './support/sdk.js';

@Injectable()
class Handlers {
  constructor(
    private readonly messaging: MessagingService,
    private readonly membership: MembershipService,
  ) {}

  /** Passes it on along the way. */
  @OnPeerMessage('pass')
  async pass({ way }: { way: string[] }): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    const [next, ...rest] = way;
    return next === undefined
      ? { traceId: trace.getActiveSpan()?.spanContext().traceId }
      : this.messaging.send(next, { type: 'pass', way: rest });
  }

  @OnPeerMessage('metadata')
  metadata(@PeerMetadata() metadata: MessageMetadata) {
    return metadata;
  }

  @OnPeerMessage('conflict')
  conflict() {
    throw new ConflictException();
  }

  @OnPeerMessage('fault')
  fault() {
    throw new InternalServerErrorException();
  }

  @OnPeerMessage('cart', { key: ({ user }: { user: string }) => user })
  cart() {
    return { by: this.membership.self.id };
  }
}

@Controller()
class Rpc {
  constructor(private readonly client: PeerCloudClient) {}

  @MessagePattern({ cmd: 'sum' })
  async sum(@Payload() numbers: number[]) {
    const doubled = this.client.send<number[]>('double', numbers);
    return (await firstValueFrom(doubled)).reduce((a, b) => a + b, 0);
  }

  @MessagePattern('double')
  double(@Payload() numbers: number[]) {
    return numbers.map((n) => 2 * n);
  }

  @MessagePattern('refuse')
  refuse() {
    throw new RpcException('no');
  }
}

const sdk = new Sdk();
let cloud: TestCloud;

const tracer = trace.getTracer('test');
const messaging = (at: number) => cloud.get(at, MessagingService);

/** The spans as lines, indented below their parents: kind, name, index of the peer that they are about, code. */
function tree(spans: ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext: { spanId } = {} }) =>
        parent === undefined ? !ids.has(spanId ?? '') : spanId === parent,
      )
      .flatMap((span) => [
        indent + line(span),
        ...below(span.spanContext().spanId, `${indent}  `),
      ]);
  return below(undefined, '');
}

function line({ kind, name, attributes }: ReadableSpan): string {
  const peer = cloud.apps.findIndex(
    (_, at) => cloud.id(at) === attributes['peercloud.peer.id'],
  );
  const code = attributes['rpc.response.status_code'] as string | undefined;
  return [
    SpanKind[kind].toLowerCase(),
    name,
    ...(peer < 0 ? [] : [peer]),
    ...(code === undefined ? [] : [code]),
  ].join(' ');
}

const traceIds = (spans: ReadableSpan[]) =>
  new Set(spans.map((span) => span.spanContext().traceId));

beforeAll(async () => {
  sdk.start({ withMetrics: false });
  cloud = await createTestCloud(
    3,
    {
      imports: [
        PeerCloudModule.forRoot(),
        PeerCloudMicroservicesModule,
        PeerCloudTelemetryModule.forRoot(),
      ],
      controllers: [Rpc],
      providers: [Handlers],
    },
    {
      createApp: (module) => {
        const app = module.createNestApplication();
        app.connectMicroservice({ strategy: app.get(PeerCloudServer) });
        return app;
      },
    },
  );
  await Promise.all(cloud.apps.map((app) => app.startAllMicroservices()));
  await cloud.settled();
  sdk.takeSpans();
});

afterAll(async () => {
  await cloud.close();
  sdk.stop();
});

it('a request through three replicas is one trace, each side of a message the child of the other', async () => {
  const way = [2, 0].map((at) => cloud.id(at));
  const reply = await tracer.startActiveSpan('request', async (span) => {
    const { traceId } = span.spanContext();
    const told = await messaging(0).send(cloud.id(1), { type: 'pass', way });
    span.end();
    expect(told).toEqual({ traceId });
    return told;
  });
  const spans = sdk.takeSpans();
  expect(tree(spans)).toEqual([
    'internal request',
    '  client pass 1 OK',
    '    server pass 0 OK',
    '      client pass 2 OK',
    '        server pass 1 OK',
    '          client pass 0 OK',
    '            server pass 2 OK',
  ]);
  expect([...traceIds(spans)]).toEqual([
    (reply as { traceId: string }).traceId,
  ]);
  const [, client, server] = spans;
  const peer = cloud.get(0, MembershipService).get(cloud.id(1))!;
  expect(client!.attributes).toEqual({
    'rpc.system.name': 'nestjs-peercloud',
    'rpc.method': 'pass',
    'rpc.response.status_code': 'OK',
    'server.address': peer.ip,
    'server.port': peer.port,
    'peercloud.peer.id': peer.id,
  });
  expect(server!.attributes).toEqual({
    'rpc.system.name': 'nestjs-peercloud',
    'rpc.method': 'pass',
    'rpc.response.status_code': 'OK',
    'peercloud.peer.id': cloud.id(0),
  });
  expect(client!.status.code).toBe(SpanStatusCode.UNSET);
  expect(client!.instrumentationScope.name).toBe('nestjs-peercloud');
});

it('the messages of a broadcast have one parent', async () => {
  await messaging(0).broadcast(
    { type: 'pass', way: [] },
    { includeSelf: true },
  );
  const spans = sdk.takeSpans();
  expect(traceIds(spans).size).toBe(1);
  const lines = tree(spans);
  expect(lines[0]).toBe('internal broadcast pass');
  expect(lines.slice(1).sort()).toEqual(
    [0, 1, 2]
      .flatMap((at) => [`    server pass 0 OK`, `  client pass ${at} OK`])
      .sort(),
  );
  expect(spans[0]!.attributes).toMatchObject({
    'peercloud.broadcast.peers': 3,
    'peercloud.broadcast.failures': 0,
  });
});

it('tells errors by their codes', async () => {
  const send = (type: string, timeout = 5000, to = cloud.id(1)) =>
    messaging(0)
      .send(to, { type, way: [] }, { timeout })
      .catch(() => undefined);
  await send('conflict');
  await send('fault');
  await send('nobody');
  const spans = sdk.takeSpans();
  expect(tree(spans)).toEqual([
    'client conflict 1 409',
    '  server conflict 0 409',
    'client fault 1 500',
    '  server fault 0 500',
    'client nobody 1 NO_HANDLER',
  ]);
  // What a handler refuses is the sender's error, and not its own.
  expect(
    spans.map(({ status, attributes }) => [
      status.code,
      attributes['error.type'],
    ]),
  ).toEqual([
    [SpanStatusCode.ERROR, '409'],
    [SpanStatusCode.UNSET, undefined],
    [SpanStatusCode.ERROR, '500'],
    [SpanStatusCode.ERROR, '500'],
    [SpanStatusCode.ERROR, 'NO_HANDLER'],
  ]);
});

it('names requests of microservices by their pattern', async () => {
  const client = cloud.get(0, PeerCloudClient);
  expect(await firstValueFrom(client.send({ cmd: 'sum' }, [1, 2]))).toBe(6);
  const spans = sdk.takeSpans();
  expect(traceIds(spans).size).toBe(1);
  expect(tree(spans).map((each) => each.replace(/ \d OK$/, ''))).toEqual([
    'client {"cmd":"sum"}',
    '  server {"cmd":"sum"}',
    '    client double',
    '      server double',
  ]);
  expect(spans[0]!.attributes).toMatchObject({
    'peercloud.channel': 'nestjs-peercloud/microservices',
  });
  await expect(firstValueFrom(client.send('refuse', {}))).rejects.toBeDefined();
  expect(
    sdk.takeSpans().map(({ attributes }) => attributes['error.type']),
  ).toEqual(['RPC_EXCEPTION', 'RPC_EXCEPTION']);
});

it('follows a message to the owner of its key', async () => {
  const keys = cloud.get(0, KeysService);
  const owner = cloud.id(2);
  let user = 'user';
  while (keys.ownerOf(user).id !== owner) {
    user += '.';
  }
  expect(await keys.send(user!, { type: 'cart', user })).toMatchObject({
    by: owner,
  });
  expect(tree(sdk.takeSpans())).toEqual([
    'client cart 2 OK',
    '  server cart 0 OK',
  ]);
  // Sent to another one, it is passed on.
  await messaging(0).send(cloud.id(1), { type: 'cart', user });
  expect(tree(sdk.takeSpans())).toEqual([
    'client cart 1 OK',
    '  server cart 0 OK',
    '    client cart 2 OK',
    '      server cart 1 OK',
  ]);
});

it('leaves metadata of the app as it is, where there is no room too', async () => {
  const full = { own: 'x'.repeat(4050) };
  for (const metadata of [{ own: '1' }, full]) {
    const got = await messaging(0).send<MessageMetadata>(
      cloud.id(1),
      { type: 'metadata' },
      { metadata },
    );
    expect(got['own']).toBe(metadata.own);
    expect(got['traceparent'] !== undefined).toBe(metadata !== full);
  }
  expect(tree(sdk.takeSpans())).toEqual([
    'client metadata 1 OK',
    '  server metadata 0 OK',
    'client metadata 1 OK',
    'server metadata 0 OK',
  ]);
});

it('has no spans for what integrations say to each other', async () => {
  const channel = messaging(1).channel('chatter');
  channel.handle(() => ({}));
  await messaging(0).channel('chatter').send(cloud.id(1), {});
  await messaging(0).channel('chatter').broadcast({});
  expect(sdk.takeSpans()).toEqual([]);
});
