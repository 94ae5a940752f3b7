import { Writable } from 'node:stream';
import { Injectable, Logger, Module, type OnModuleInit } from '@nestjs/common';
import {
  ClsModule,
  ClsService,
  ClsServiceManager,
  type ClsStore,
} from 'nestjs-cls';
import { Logger as PinoLogger, LoggerModule } from 'nestjs-pino';
import {
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
} from '../../../src/index.js';
import { createTestCloud } from '../../../src/testing/index.js';

interface MessageStore extends ClsStore {
  pattern: string | undefined;
  sender: string;
}

/** Gives each message its context, as docs/opentelemetry.md shows. */
@Injectable()
class MessageContext implements OnModuleInit {
  constructor(
    private readonly messaging: MessagingService,
    private readonly cls: ClsService<MessageStore>,
  ) {}

  onModuleInit() {
    this.messaging.trace({
      message: ({ side, peer, pattern }, work) =>
        side === 'sender'
          ? work()
          : this.cls.runWith({ pattern, sender: peer.id }, work),
      broadcast: (_, work) => work(),
    });
  }
}

@Injectable()
class Handlers {
  readonly #logger = new Logger('Handlers');

  @OnPeerMessage('slow')
  async slow({ n }: { n: number }) {
    await new Promise((resolve) => setImmediate(resolve));
    this.#logger.log(`slow ${n}`);
    return {};
  }

  @OnPeerMessage('fails')
  async fails() {
    await Promise.resolve();
    throw new Error('in the handler');
  }
}

const lines: Record<string, unknown>[] = [];
const stream = new Writable({
  write(chunk: Buffer, _, done) {
    lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
    done();
  },
});

@Module({
  imports: [
    ClsModule.forRoot({ global: true }),
    LoggerModule.forRoot({
      pinoHttp: {
        stream,
        mixin: () => {
          const cls = ClsServiceManager.getClsService<MessageStore>();
          return { pattern: cls.get('pattern'), sender: cls.get('sender') };
        },
      },
    }),
    PeerCloudModule.forRoot({ isGlobal: true }),
  ],
  providers: [Handlers, MessageContext],
})
class AppModule {}

afterAll(() => Logger.overrideLogger(false));

it('every line of nestjs-pino has the pattern and the sender of its message, by nestjs-cls', async () => {
  await using cloud = await createTestCloud(3, AppModule, {
    createApp: (module) => {
      const app = module.createNestApplication({ bufferLogs: true });
      app.useLogger(app.get(PinoLogger));
      return app;
    },
  });
  const sent = [0, 1].flatMap((from) =>
    [1, 2, 3].map((n) =>
      cloud
        .get(from, MessagingService)
        .send(cloud.id(2), { type: 'slow', n: 10 * from + n }),
    ),
  );
  await Promise.all(sent);
  await cloud
    .get(0, MessagingService)
    .send(cloud.id(2), { type: 'fails' })
    .catch(() => undefined);

  const told = lines.filter(({ msg }) => /^slow|failed/.test(String(msg)));
  expect(
    told.map(({ msg, pattern, sender }) => [msg, pattern, sender]),
  ).toEqual(
    expect.arrayContaining([
      ...[0, 1].flatMap((from) =>
        [1, 2, 3].map((n) => [`slow ${10 * from + n}`, 'slow', cloud.id(from)]),
      ),
      [
        `Handlers.fails failed on a message fails from peer ${cloud.id(0)}`,
        'fails',
        cloud.id(0),
      ],
    ]),
  );
  expect(told).toHaveLength(7);
  expect(ClsServiceManager.getClsService().isActive()).toBe(false);
});
