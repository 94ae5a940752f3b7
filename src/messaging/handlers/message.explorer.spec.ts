import {
  BadRequestException,
  CallHandler,
  Catch,
  Controller,
  ExceptionFilter,
  ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Logger,
  ParseIntPipe,
  Post,
  Query,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { delay, map, of, throwError } from 'rxjs';
import { HandlerFinder } from '../../discovery/handler-finder.js';
import type { Peer } from '../../membership/peer.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../../options/peer-cloud.tokens.js';
import type { JsonValue } from '../../wire/json.js';
import { MessageTraces } from '../message-traces.js';
import { MessageRouter } from './message-router.js';
import { resolveMessagingOptions } from '../messaging.options.js';
import { MessageExplorer } from './message.explorer.js';
import { MessageHandlerFactory } from './message-handler.factory.js';
import { OnPeerMessage, PeerBody, PeerSender } from './message.decorators.js';

const sender = { id: 'sender-1', data: { name: 'Ada' } } as unknown as Peer;

interface Setup {
  providers?: Provider[];
  controllers?: Type[];
  inheritAppConfig?: boolean;
}

async function routerWith({
  providers = [],
  controllers = [],
  inheritAppConfig = false,
}: Setup): Promise<MessageRouter> {
  const messaging = resolveMessagingOptions({ inheritAppConfig }, 'messaging');
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    controllers,
    providers: [
      ...providers,
      MessageRouter,
      MessageTraces,
      MessageHandlerFactory,
      MessageExplorer,
      HandlerFinder,
      { provide: MEMBERSHIP_CORE, useValue: { id: 'self' } },
      { provide: PEER_CLOUD_OPTIONS, useValue: { messaging } },
    ],
  }).compile();
  await module.init();
  return module.get(MessageRouter);
}

const ask = async (router: MessageRouter, body: JsonValue) => {
  const { status, payload } = await router.dispatch(body, sender);
  return { status, payload };
};

describe('@OnPeerMessage()', () => {
  const warn = vi.fn();
  const error = vi.fn();
  beforeEach(() => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(warn);
    vi.spyOn(Logger.prototype, 'error').mockImplementation(error);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    warn.mockReset();
    error.mockReset();
  });

  it('gives (body, sender) to a method without parameter decorators', async () => {
    @Injectable()
    class Handlers {
      @OnPeerMessage('sum')
      sum(body: { a: number }, from: Peer) {
        return { a: body.a, from: from.id };
      }
    }
    const router = await routerWith({ providers: [Handlers] });
    expect(await ask(router, { type: 'sum', a: 1 })).toEqual({
      status: 200,
      payload: { a: 1, from: 'sender-1' },
    });
  });

  it('fills decorated parameters, with pipes', async () => {
    class Order {
      @IsString()
      item!: string;
    }
    @Injectable()
    class Handlers {
      @OnPeerMessage('order')
      order(
        @PeerSender('id') id: string,
        @PeerBody('count', ParseIntPipe) count: number,
        @PeerBody(new ValidationPipe()) order: Order,
        @PeerSender() from: Peer,
      ) {
        return { id, count, item: order.item, data: from.data };
      }
    }
    const router = await routerWith({ providers: [Handlers] });
    const good = { type: 'order', item: 'tea', count: '3' };
    expect(await ask(router, good)).toEqual({
      status: 200,
      payload: { id: 'sender-1', count: 3, item: 'tea', data: { name: 'Ada' } },
    });
    expect(await ask(router, { ...good, count: 'x' })).toMatchObject({
      status: 400,
    });
    expect(await ask(router, { ...good, item: 7 })).toMatchObject({
      status: 400,
      payload: { message: ['item must be a string'] },
    });
  });

  it('applies pipes of the method to an undecorated body', async () => {
    class Order {
      @IsString()
      item!: string;
    }
    @Injectable()
    class Handlers {
      @OnPeerMessage()
      @UsePipes(new ValidationPipe({ transform: true }))
      order(order: Order, from: Peer) {
        return { isOrder: order instanceof Order, from: from.id };
      }
    }
    const router = await routerWith({ providers: [Handlers] });
    expect(await ask(router, { item: 'tea' })).toEqual({
      status: 200,
      payload: { isOrder: true, from: 'sender-1' },
    });
    expect(await ask(router, { item: 1 })).toMatchObject({ status: 400 });
  });

  it('runs guards, interceptors and filters in a context of type rpc', async () => {
    @Injectable()
    class AdaOnly {
      canActivate(context: ExecutionContext) {
        expect(context.getType()).toBe('rpc');
        const from = context.switchToRpc().getContext<Peer>();
        const body = context.switchToRpc().getData<{ secret?: boolean }>();
        return from.data['name'] === 'Ada' && !body.secret;
      }
    }
    @Injectable()
    class Wrap {
      intercept(_: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((value: unknown) => ({ value })));
      }
    }
    @Catch(RangeError)
    class RangeFilter implements ExceptionFilter {
      catch(error: RangeError) {
        return { caught: error.message };
      }
    }
    @Injectable()
    @UseGuards(AdaOnly)
    class Handlers {
      @OnPeerMessage('wrapped')
      @UseInterceptors(Wrap)
      wrapped() {
        return 1;
      }

      @OnPeerMessage('filtered')
      @UseFilters(new RangeFilter())
      filtered() {
        throw new RangeError('far');
      }
    }
    const router = await routerWith({ providers: [Handlers, AdaOnly, Wrap] });
    expect(await ask(router, { type: 'wrapped' })).toMatchObject({
      payload: { value: 1 },
    });
    expect(await ask(router, { type: 'wrapped', secret: true })).toMatchObject({
      status: 403,
    });
    expect(await ask(router, { type: 'filtered' })).toMatchObject({
      status: 200,
      payload: { caught: 'far' },
    });
  });

  it('keeps global enhancers out unless the option lets them in', async () => {
    @Injectable()
    class Nobody {
      canActivate() {
        return false;
      }
    }
    @Injectable()
    class Handlers {
      @OnPeerMessage()
      any() {
        return 'in';
      }
    }
    const providers = [
      Handlers,
      { provide: APP_GUARD, useValue: new Nobody() },
    ];
    const apart = await routerWith({ providers });
    expect(await ask(apart, {})).toMatchObject({ payload: 'in' });
    const inherited = await routerWith({ providers, inheritAppConfig: true });
    expect(await ask(inherited, {})).toMatchObject({ status: 403 });
  });

  it('makes a request-scoped provider anew for each message', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Handlers {
      #calls = 0;
      constructor(@Inject(REQUEST) readonly request: { body: { n: number } }) {}

      @OnPeerMessage('plain')
      plain() {
        return { calls: ++this.#calls, n: this.request.body.n };
      }

      @OnPeerMessage('decorated')
      decorated(@PeerBody('n') n: number) {
        return { calls: ++this.#calls, n };
      }
    }
    const router = await routerWith({ providers: [Handlers] });
    for (const n of [1, 2]) {
      for (const type of ['plain', 'decorated']) {
        expect(await ask(router, { type, n })).toMatchObject({
          payload: { calls: 1, n },
        });
      }
    }
  });

  it('works on controllers, beside a route on the same method', async () => {
    @Controller('orders')
    class Orders {
      @Post()
      @OnPeerMessage('order')
      create(@PeerBody('item') item: string, @Query('x') x?: string) {
        return { item, x: x ?? null };
      }
    }
    const router = await routerWith({ controllers: [Orders] });
    expect(await ask(router, { type: 'order', item: 'tea' })).toMatchObject({
      payload: { item: 'tea' },
    });
    expect(warn).not.toHaveBeenCalled();
  });

  it('takes several patterns on one method, and aliases once', async () => {
    @Injectable()
    class Handlers {
      @OnPeerMessage('a')
      @OnPeerMessage({ kind: 'b' })
      both() {
        return 'both';
      }
    }
    const router = await routerWith({
      providers: [
        Handlers,
        { provide: 'alias', useExisting: Handlers },
        { provide: 'same', useFactory: (h: Handlers) => h, inject: [Handlers] },
      ],
    });
    expect(await ask(router, { type: 'a' })).toMatchObject({ payload: 'both' });
    expect(await ask(router, { kind: 'b' })).toMatchObject({ payload: 'both' });
  });

  it('refuses two handlers with the same pattern, by their names', async () => {
    @Injectable()
    class One {
      @OnPeerMessage('a')
      first() {}
    }
    @Injectable()
    class Two {
      @OnPeerMessage({ type: 'a' })
      second() {}
    }
    await expect(routerWith({ providers: [One, Two] })).rejects.toThrow(
      /Two\.second.*One\.first has the same pattern/,
    );
  });

  it('refuses a pattern that is no JSON, by the name of the handler', async () => {
    @Injectable()
    class Handlers {
      @OnPeerMessage({ type: /a/ } as never)
      first() {}
    }
    await expect(routerWith({ providers: [Handlers] })).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      handler: 'Handlers.first',
    });
  });

  it('refuses what is no method', () => {
    expect(() => {
      class Handlers {
        @OnPeerMessage()
        get value() {
          return 1;
        }
      }
      return Handlers;
    }).toThrow('@OnPeerMessage() on Handlers.value');
  });

  it('warns by name about handlers that cannot work', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Passing {
      @OnPeerMessage('a')
      first() {}
    }
    @Injectable()
    class Handlers {
      @OnPeerMessage('b')
      static second() {}

      @OnPeerMessage('c')
      third(@Query('x') x: string) {
        return x;
      }
    }
    await routerWith({ providers: [Passing, Handlers] });
    const warnings = warn.mock.calls.join('\n');
    expect(warnings).toContain('Passing.first');
    expect(warnings).toContain('Handlers.second');
    expect(warnings).toContain('Handlers.third');
  });

  it('answers by the rules of /message', async () => {
    @Injectable()
    class Handlers {
      @OnPeerMessage('nothing') nothing() {}
      @OnPeerMessage('null') async nil() {
        return Promise.resolve(null);
      }
      @OnPeerMessage('zero') zero() {
        return 0;
      }
      @OnPeerMessage('observable') later() {
        return of({ n: 1 }).pipe(delay(1));
      }
      @OnPeerMessage('promised observable') async laterStill() {
        return Promise.resolve(throwError(() => new HttpException('no', 418)));
      }
      @OnPeerMessage('http') refuse() {
        throw new BadRequestException('bad item');
      }
      @OnPeerMessage('object') async refuseWith() {
        await Promise.reject(new HttpException({ why: 'x' }, 409));
      }
      @OnPeerMessage('error') fail() {
        throw new Error('the password is 1234');
      }
    }
    const router = await routerWith({ providers: [Handlers] });
    const answer = (type: string) => ask(router, { type });
    expect(await answer('nothing')).toEqual({ status: 200, payload: {} });
    expect(await answer('null')).toEqual({ status: 200, payload: {} });
    expect(await answer('zero')).toEqual({ status: 200, payload: 0 });
    expect(await answer('observable')).toMatchObject({ payload: { n: 1 } });
    expect(await answer('promised observable')).toEqual({
      status: 418,
      payload: { statusCode: 418, message: 'no' },
    });
    expect(await answer('http')).toMatchObject({
      status: 400,
      payload: { message: 'bad item' },
    });
    expect(await answer('object')).toEqual({
      status: 409,
      payload: { why: 'x' },
    });
    const failed = await answer('error');
    expect(failed.status).toBe(500);
    expect(JSON.stringify(failed.payload)).not.toContain('1234');
    expect(error).toHaveBeenCalledWith(
      'Handlers.fail failed on a message error from peer sender-1',
      expect.stringContaining('the password is 1234'),
    );
    expect(await answer('unknown')).toMatchObject({
      status: 404,
      payload: { code: 'NO_HANDLER' },
    });
  });

  it('answers everything with {} where there is no handler at all', async () => {
    const router = await routerWith({});
    expect(router.hasHandlers).toBe(false);
    expect(await ask(router, { type: 'a' })).toEqual({
      status: 200,
      payload: {},
    });
  });
});
