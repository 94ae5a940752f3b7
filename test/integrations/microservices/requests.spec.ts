import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  type NestInterceptor,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  BaseRpcExceptionFilter,
  Ctx,
  MessagePattern,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import {
  concat,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  take,
  throwError,
  toArray,
} from 'rxjs';
import type { PeerCloudOptions } from '../../../src/index.js';
import {
  PEER_CLOUD_TRANSPORT,
  PeerCloudContext,
  PeerCloudRecord,
  PeerCloudServer,
} from '../../../src/integrations/microservices/index.js';
import {
  closePeers,
  type AdapterName,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import { startRpcCloud, untilHandled, type RpcApp } from './support/rpc-app.js';

class NotTwo implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const rpc = context.switchToRpc();
    expect(rpc.getContext<PeerCloudContext>().getPattern()).toBe('guarded');
    return rpc.getData<number>() !== 2;
  }
}

class Doubled implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler<number>) {
    return next.handle().pipe(map((value) => 2 * value));
  }
}

@Catch(TypeError)
class Told extends BaseRpcExceptionFilter {
  override catch(error: TypeError) {
    return throwError(() => ({ told: error.message }));
  }
}

/** How many subscriptions to `forever` are open. */
let open = 0;

@Controller()
class Handlers {
  @MessagePattern({ cmd: 'sum' })
  sum(@Payload() numbers: number[]) {
    return numbers.reduce((a, b) => a + b);
  }

  @MessagePattern('async')
  async later(@Payload() n: number) {
    return { n };
  }

  @MessagePattern('stream')
  stream(@Payload() numbers: number[]): Observable<number> {
    return from(numbers);
  }

  @MessagePattern('slow-stream')
  slowly(@Payload() count: number): Observable<{ n: number }> {
    return interval(5).pipe(
      take(count),
      map((n) => ({ n })),
    );
  }

  @MessagePattern('concat')
  both() {
    return concat(of(1), of(2), of(3));
  }

  @MessagePattern('forever')
  forever() {
    return new Observable<number>((subscriber) => {
      open += 1;
      subscriber.next(1);
      return () => (open -= 1);
    });
  }

  @MessagePattern('silent')
  silent() {
    return NEVER;
  }

  @MessagePattern('nothing')
  nothing() {
    return undefined;
  }

  @MessagePattern('null')
  nil() {
    return null;
  }

  @MessagePattern('breaks')
  breaks() {
    return concat(
      of(1),
      throwError(() => new RpcException({ after: 1 })),
    );
  }

  @MessagePattern('rpc-error')
  refuse(@Payload() payload: object | string) {
    throw new RpcException(payload);
  }

  @MessagePattern('error')
  fail() {
    throw new Error('a secret of the handler');
  }

  @MessagePattern('filtered')
  @UseFilters(new Told())
  filtered() {
    throw new TypeError('no');
  }

  @MessagePattern('guarded')
  @UseGuards(NotTwo)
  guarded() {
    return true;
  }

  @MessagePattern('intercepted')
  @UseInterceptors(Doubled)
  intercepted(@Payload(ParseIntPipe) n: number) {
    return n;
  }

  @MessagePattern('context')
  context(@Payload() _: unknown, @Ctx() context: PeerCloudContext) {
    return {
      peer: context.getPeer().id,
      pattern: context.getPattern(),
      metadata: context.getMetadata(),
    };
  }

  @MessagePattern('cyclic')
  cyclic() {
    const value: { self?: unknown } = {};
    value.self = value;
    return value;
  }

  @MessagePattern('here', PEER_CLOUD_TRANSPORT)
  here() {
    return 'here';
  }
}

const SETUPS: [string, AdapterName, PeerCloudOptions][] = [
  ['by stream on Express', 'express', {}],
  ['by /message on Express', 'express', { messaging: { stream: false } }],
  ['by stream on Fastify', 'fastify', {}],
  ['by /message on Fastify', 'fastify', { messaging: { stream: false } }],
];

afterAll(closePeers);

describe.each(SETUPS)('requests %s', (_, adapter, options) => {
  let caller: RpcApp;
  let server: RpcApp;

  const send = <T = unknown>(pattern: unknown, data: unknown = {}) =>
    firstValueFrom(caller.client.send<T>(pattern, data));
  const all = (pattern: unknown, data: unknown = {}) =>
    firstValueFrom(caller.client.send(pattern, data).pipe(toArray()));

  beforeAll(async () => {
    [server, caller] = (await startRpcCloud(
      { controllers: [Handlers], adapter, options },
      { adapter, options },
    )) as [RpcApp, RpcApp];
  });

  it('are answered', async () => {
    expect(await send({ cmd: 'sum' }, [1, 2, 3])).toBe(6);
    expect(await send('async', 7)).toEqual({ n: 7 });
    expect(await send('null')).toBeNull();
    expect(await send('here')).toBe('here');
    expect(await all('nothing')).toEqual([]);
  });

  it('are answered, ten at once', async () => {
    const sums = Array.from({ length: 10 }, (__, n) =>
      send({ cmd: 'sum' }, [n, n]),
    );
    expect(await Promise.all(sums)).toEqual([
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
    ]);
  });

  it('give all values of an Observable', async () => {
    expect(await all('stream', [1, 2, 3])).toEqual([1, 2, 3]);
    expect(await all('concat')).toEqual([1, 2, 3]);
    expect(await all('stream', [])).toEqual([]);
    expect(await all('slow-stream', 20)).toEqual(
      Array.from({ length: 20 }, (__, n) => ({ n })),
    );
    const many = Array.from({ length: 5000 }, (__, n) => n);
    expect(await all('stream', many)).toEqual(many);
  });

  it('end at the handler when their reader ends', async () => {
    expect(await send('forever')).toBe(1);
    await until(() => open === 0);
    const subscription = caller.client.send('forever', {}).subscribe();
    await until(() => open === 1);
    subscription.unsubscribe();
    await until(() => open === 0);
  });

  it('fail with what the handler threw', async () => {
    await expect(send('rpc-error', { code: 7 })).rejects.toEqual({ code: 7 });
    await expect(send('rpc-error', 'no')).rejects.toEqual({
      status: 'error',
      message: 'no',
    });
    await expect(send('error')).rejects.toEqual({
      status: 'error',
      message: 'Internal server error',
    });
    await expect(send('filtered')).rejects.toEqual({ told: 'no' });
    await expect(send('guarded', 2)).rejects.toMatchObject({
      message: 'Forbidden resource',
    });
    const seen: unknown[] = [];
    const broken = lastValueFrom(
      caller.client.send('breaks', {}).pipe(map((value) => seen.push(value))),
    );
    await expect(broken).rejects.toEqual({ after: 1 });
    expect(seen).toEqual([1]);
    await expect(send('cyclic')).rejects.toMatchObject({ code: 'BAD_STATUS' });
  });

  it('pass guards, pipes and interceptors', async () => {
    expect(await send('guarded', 1)).toBe(true);
    expect(await send('intercepted', '21')).toBe(42);
    await expect(send('intercepted', 'x')).rejects.toMatchObject({
      status: 'error',
    });
  });

  it('carry metadata, and tell who sent them', async () => {
    const record = new PeerCloudRecord({}, { metadata: { tenant: 'blue' } });
    expect(await send('context', record)).toEqual({
      peer: caller.id,
      pattern: 'context',
      metadata: { tenant: 'blue' },
    });
    caller.client.setOnDispatchHook((packet) => {
      packet.metadata = { ...packet.metadata, trace: 'abc' };
    });
    expect(await send('context', record)).toMatchObject({
      metadata: { tenant: 'blue', trace: 'abc' },
    });
    expect(await send('context')).toMatchObject({ metadata: { trace: 'abc' } });
    caller.client.setOnDispatchHook(() => undefined);
    expect(await send('context')).toMatchObject({ metadata: {} });
  });

  it('run between the hooks of the server', async () => {
    const strategy = server.app.get(PeerCloudServer, { strict: false });
    const steps: string[] = [];
    strategy.setOnProcessingStartHook((transport, context, done) => {
      const pattern = (context as PeerCloudContext).getPattern();
      steps.push(`${String(transport)} ${pattern}`);
      void done();
    });
    strategy.setOnProcessingEndHook(() => steps.push('end'));
    await send('async', 1);
    await all('slow-stream', 2);
    await expect(send('error')).rejects.toBeDefined();
    const id = 'Symbol(nestjs-peercloud)';
    expect(steps).toEqual([
      `${id} async`,
      'end',
      `${id} slow-stream`,
      'end',
      `${id} error`,
      'end',
    ]);
    strategy.setOnProcessingStartHook((__, ___, done) => void done());
    strategy.setOnProcessingEndHook(() => undefined);
  });

  it('fail at once where nobody has the pattern, and in time where nobody answers', async () => {
    await expect(send('unknown')).rejects.toMatchObject({ code: 'NO_HANDLER' });
    const to = { peer: caller.id };
    await expect(
      send('async', new PeerCloudRecord(1, { to })),
    ).rejects.toMatchObject({ code: 'NO_HANDLER' });
    const quick = new PeerCloudRecord({}, { timeout: 100 });
    await expect(send('silent', quick)).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await expect(send('async', null)).rejects.toThrow();
  });

  it('are answered where they were sent', async () => {
    await untilHandled(server, 'async', 1);
    expect(await firstValueFrom(server.client.send('async', 1))).toEqual({
      n: 1,
    });
    expect(
      await firstValueFrom(
        server.client.send('stream', [1, 2]).pipe(toArray()),
      ),
    ).toEqual([1, 2]);
  });
});

it('a quiet Observable may be quiet for longer than the timeout', async () => {
  const [, caller] = await startRpcCloud({ controllers: [Handlers] }, {});
  const values: unknown[] = [];
  const failed = vi.fn();
  const record = new PeerCloudRecord({}, { timeout: 2000 });
  const subscription = caller!.client
    .send('forever', record)
    .subscribe({ next: (value) => values.push(value), error: failed });
  await until(() => values.length === 1);
  const started = performance.now();
  await until(() => performance.now() - started > 3000);
  expect(failed).not.toHaveBeenCalled();
  expect(open).toBe(1);
  subscription.unsubscribe();
  await until(() => open === 0);
});
