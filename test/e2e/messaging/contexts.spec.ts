import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type MiddlewareConsumer,
  Module,
  UseGuards,
} from '@nestjs/common';
import {
  OnPeerEvent,
  OnPeerMessage,
  type MessageEvent,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

const tenant = new AsyncLocalStorage<string>();

interface Body {
  tenant?: string;
  n: number;
}

/** Enters the tenant of a message that has one, as nestjs-cls does. */
@Injectable()
class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const body = context.switchToRpc().getData<Body>();
    if (body.tenant !== undefined) {
      tenant.enterWith(body.tenant);
    }
    return true;
  }
}

@Injectable()
class Handlers {
  readonly events: (string | undefined)[] = [];

  @OnPeerMessage('guarded')
  @UseGuards(TenantGuard)
  guarded({ n }: Body) {
    return { n, tenant: tenant.getStore() ?? null };
  }

  @OnPeerMessage('bare')
  async bare(body: Body) {
    const before = tenant.getStore() ?? null;
    if (body.tenant !== undefined) {
      tenant.enterWith(body.tenant);
    }
    await new Promise((resolve) => setImmediate(resolve));
    return { n: body.n, before, after: tenant.getStore() ?? null };
  }

  @OnPeerEvent('message.received')
  received({ body }: MessageEvent) {
    this.events.push(tenant.getStore());
    tenant.enterWith(`event ${(body as unknown as Body).n}`);
  }
}

/** An app whose middleware enters a context for each request. */
@Module({ providers: [Handlers] })
class App {
  configure(consumer: MiddlewareConsumer) {
    consumer
      .apply((_: unknown, __: unknown, next: () => void) =>
        tenant.run('a request of the app', next),
      )
      .forRoutes('{*path}');
  }
}

afterEach(closePeers);

describe.each<[string, { stream?: false; self?: true }]>([
  ['a stream', {}],
  ['/message', { stream: false }],
  ['oneself', { self: true }],
])('messages over %s', (_, { stream, self }) => {
  async function start() {
    const { sender, receiver } = await startPair({
      providers: [],
      receiver: { imports: [App] },
      ...(stream === false && { options: { messaging: { stream } } }),
    });
    const from = self ? receiver : sender;
    const { id } = receiver.membership.self;
    const send = (body: object) => from.messaging.send(id, body);
    return { send, handlers: receiver.app.get(Handlers, { strict: false }) };
  }

  it('have a context of their own each, which ends with them', async () => {
    const { send, handlers } = await start();
    const bodies = Array.from({ length: 40 }, (__, n) => ({
      type: n % 4 < 2 ? 'guarded' : 'bare',
      n,
      ...(n % 2 === 0 && { tenant: `tenant ${n}` }),
    }));
    const replies = await tenant.run('the caller', async () => {
      const all = await Promise.all(bodies.map(send));
      expect(tenant.getStore()).toBe('the caller');
      return all;
    });
    expect(replies).toEqual(
      bodies.map(({ type, n, tenant: own = null }) =>
        type === 'guarded'
          ? { n, tenant: own }
          : { n, before: null, after: own },
      ),
    );
    await until(() => handlers.events.length === 40);
    expect(new Set(handlers.events)).toEqual(new Set([undefined]));
  });

  it('leave the context of who sends them as it is', async () => {
    const { send } = await start();
    await tenant.run('the caller', async () => {
      const reply = send({ type: 'bare', n: 1, tenant: 'other' });
      expect(tenant.getStore()).toBe('the caller');
      await reply;
      expect(tenant.getStore()).toBe('the caller');
    });
  });
});
