import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { resolvePeerCloudOptions } from '../../options/resolve-options.js';
import { Semaphore } from '../../util/semaphore.js';
import { RequestLimiter } from './request-limiter.js';

const response = () =>
  Object.assign(new EventEmitter(), { destroyed: false }) as ServerResponse;

function limiterOf(limits: object): RequestLimiter {
  const options = resolvePeerCloudOptions({ limits });
  return new RequestLimiter(options, new Semaphore(options.limits.maxRequests));
}

const TOO_MANY = expect.objectContaining({
  status: 429,
  headers: { 'retry-after': expect.any(String) },
});

describe('RequestLimiter', () => {
  it('bounds the requests of one sender until they are answered', () => {
    const limiter = limiterOf({ maxRequestsPerSender: 1 });
    const first = response();
    limiter.enter('a', first);
    expect(() => limiter.enter('a', response())).toThrow(TOO_MANY);
    expect(() => limiter.enter('b', response())).not.toThrow();
    first.emit('close');
    expect(() => limiter.enter('a', response())).not.toThrow();
  });

  it('bounds the requests of all senders', () => {
    const limiter = limiterOf({ maxRequests: 2 });
    const first = response();
    limiter.enter('a', first);
    limiter.enter('b', response());
    expect(() => limiter.enter('c', response())).toThrow(TOO_MANY);
    first.emit('close');
    expect(() => limiter.enter('c', response())).not.toThrow();
  });

  it('does not count a request whose client is gone already', () => {
    const limiter = limiterOf({ maxRequestsPerSender: 1 });
    limiter.enter('a', Object.assign(response(), { destroyed: true }));
    expect(() => limiter.enter('a', response())).not.toThrow();
  });

  it('counts a request no longer than it is told to, and once', () => {
    const limiter = limiterOf({ maxRequestsPerSender: 2, maxRequests: 2 });
    const first = response();
    const leave = limiter.enter('a', first);
    limiter.enter('a', response());
    leave();
    first.emit('close');
    limiter.enter('a', response());
    expect(() => limiter.enter('a', response())).toThrow(TOO_MANY);
    expect(() => limiter.enter('b', response())).toThrow(TOO_MANY);
  });

  it('counts a request out once, whichever end comes first', () => {
    const limiter = limiterOf({ maxRequestsPerSender: 2, maxRequests: 2 });
    const first = response();
    const leave = limiter.enter('a', first);
    limiter.enter('a', response());
    first.emit('close');
    leave();
    limiter.enter('a', response());
    expect(() => limiter.enter('a', response())).toThrow(TOO_MANY);
  });

  it('bounds the joins in work, also when they fail', async () => {
    const limiter = limiterOf({ maxConcurrentJoins: 1 });
    let fail!: () => void;
    const first = limiter.join(
      'a',
      () => new Promise((_, reject) => (fail = () => reject(new Error('x')))),
    );
    const second = limiter.join('b', async () => 1);
    await expect(second).rejects.toEqual(TOO_MANY);
    fail();
    await expect(first).rejects.toThrow('x');
    await expect(limiter.join('b', async () => 2)).resolves.toBe(2);
  });

  it('bounds the joins a minute, by address and in all', async () => {
    const limiter = limiterOf({
      joinsPerMinutePerAddress: 1,
      joinsPerMinute: 2,
    });
    await limiter.join('a', async () => 1);
    await expect(limiter.join('a', async () => 1)).rejects.toEqual(TOO_MANY);
    await limiter.join('b', async () => 1);
    await expect(limiter.join('c', async () => 1)).rejects.toEqual(TOO_MANY);
  });
});
