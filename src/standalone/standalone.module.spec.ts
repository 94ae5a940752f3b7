import { HttpException } from '@nestjs/common';
import { runHandler } from './standalone.module.js';
import type { OnMessage } from './standalone.types.js';

const run = (handler: OnMessage) =>
  runHandler(handler, { name: 'sender' }, { text: 'hi' });

describe('runHandler', () => {
  it("passes the sender's data and the body", async () => {
    const handler = vi.fn<OnMessage>((_peer, _body, reply) => reply());
    await run(handler);
    expect(handler.mock.calls[0]?.slice(0, 2)).toEqual([
      { name: 'sender' },
      { text: 'hi' },
    ]);
  });

  it.each<[string, OnMessage, unknown]>([
    ['reply(null, body)', (_p, _b, reply) => reply(null, { ok: 1 }), { ok: 1 }],
    ['reply(null)', (_p, _b, reply) => reply(null), undefined],
    ['reply(null, null)', (_p, _b, reply) => reply(null, null), undefined],
    ['a later reply', (_p, _b, reply) => setImmediate(reply, null, 7), 7],
    ['a returned value', () => ({ ok: 2 }), { ok: 2 }],
    ['a promise', async () => ({ ok: 3 }), { ok: 3 }],
    ['nothing returned', (_peer, body) => void body, undefined],
    [
      'the first of two replies',
      (_p, _b, reply) => {
        reply(null, 'first');
        reply(new Error('second'));
      },
      'first',
    ],
  ])('takes %s', async (_case, handler, expected) => {
    expect(await run(handler)).toEqual(expected);
  });

  it('waits for reply() of a handler that takes it and returns nothing', async () => {
    let reply!: (error: null, body: string) => void;
    const outcome = run((_peer, _body, given) => {
      reply = given;
    });
    const settled = vi.fn();
    void outcome.then(settled);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();

    reply(null, 'late');
    expect(await outcome).toBe('late');
  });

  it.each<[string, OnMessage]>([
    ['replied', (_p, _b, reply) => reply(new Error('boom'))],
    [
      'thrown',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejected', () => Promise.reject(new Error('boom'))],
  ])('rejects with an error that is %s', async (_case, handler) => {
    await expect(run(handler)).rejects.toThrow('boom');
  });

  it('answers an error with a status under that status', async () => {
    const error = Object.assign(new Error('closed'), { statusCode: 409 });
    const failure = await run((_p, _b, reply) => reply(error)).catch(
      (caught: unknown) => caught as HttpException,
    );
    expect(failure).toBeInstanceOf(HttpException);
    expect((failure as HttpException).getStatus()).toBe(409);
    expect((failure as HttpException).getResponse()).toEqual({
      statusCode: 409,
      message: 'closed',
    });
  });

  it.each([200, 399, 600, '404', 4.5])(
    'takes %j for no status',
    async (status) => {
      const error = Object.assign(new Error('boom'), { status });
      await expect(run((_p, _b, reply) => reply(error))).rejects.toBe(error);
    },
  );

  it('makes an error of whatever was replied as one', async () => {
    await expect(run((_p, _b, reply) => reply('no'))).rejects.toThrow(
      'the handler replied with the error no',
    );
    await expect(run((_p, _b, reply) => reply({ code: 7 }))).rejects.toThrow(
      'the handler replied with the error {"code":7}',
    );
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    await expect(run(() => Promise.reject(cycle))).rejects.toThrow(
      'the handler replied with the error <ref *1>',
    );
  });
});
