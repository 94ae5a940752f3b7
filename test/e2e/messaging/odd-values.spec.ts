import { HttpException, Injectable, Logger } from '@nestjs/common';
import { of } from 'rxjs';
import { map } from 'rxjs/operators';
import { OnPeerMessage } from '../../../src/index.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

function refuse(): never {
  throw new Error('hands off');
}

/** An object of which nothing can be read. */
const strict = (target: object = {}) =>
  new Proxy(target, {
    get: refuse,
    has: refuse,
    getPrototypeOf: refuse,
    ownKeys: refuse,
  });

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** By its name a linter would take it for a mistake. */
const THEN = ['t', 'hen'].join('');

const withProperty = (name: string, descriptor: PropertyDescriptor): object =>
  Object.defineProperty({}, name, descriptor) as object;

const withGetters = (error: Error) =>
  Object.defineProperties(error, {
    stack: { get: refuse },
    message: { get: refuse },
  });

class Hollow extends HttpException {
  override getResponse(): never {
    return refuse();
  }
}

const VALUES: Record<string, () => unknown> = {
  'a strict proxy': () => strict(),
  'a strict proxy, later': () => Promise.resolve({ inside: strict() }),
  'a revoked proxy': revoked,
  'a revoked proxy inside, later': () =>
    new Promise((resolve) => setImmediate(resolve, { inside: revoked() })),
  'an object whose then throws': () => withProperty(THEN, { get: refuse }),
  'a thenable that throws': () => withProperty(THEN, { value: refuse }),
  'an observable that fails': () => of(1).pipe(map(refuse)),
  'an observable of a revoked proxy, later': () =>
    Promise.resolve(of({ inside: revoked() })),
  'a toJSON that throws a revoked proxy': () => ({
    toJSON: () => {
      throw revoked();
    },
  }),
};

const ERRORS: Record<string, () => unknown> = {
  'an error with getters that throw': () => withGetters(new Error('x')),
  'an exception without a response': () => new Hollow('x', 400),
  'a strict proxy': () => strict(new Error('x')),
  'a revoked proxy': revoked,
};

@Injectable()
class Odd {
  @OnPeerMessage('returns')
  returns({ what }: { what: string }) {
    return VALUES[what]!();
  }

  @OnPeerMessage('throws')
  throws({ what }: { what: string }) {
    throw ERRORS[what]!();
  }

  @OnPeerMessage('rejects')
  async rejects({ what }: { what: string }) {
    await new Promise((resolve) => setImmediate(resolve));
    throw ERRORS[what]!();
  }

  @OnPeerMessage('fine')
  fine() {
    return { fine: true };
  }
}

const error = vi.fn<(text: string) => void>();
beforeEach(() => {
  vi.spyOn(Logger.prototype, 'error').mockImplementation(error);
});
afterEach(async () => {
  vi.restoreAllMocks();
  error.mockClear();
  await closePeers();
});

it.each(['stream', '/message', 'self'])(
  'whatever a handler returns or throws is a 500 and a line in the log (%s)',
  async (lane) => {
    const { sender, receiver } = await startPair({
      providers: [Odd],
      ...(lane === '/message' && {
        options: { messaging: { stream: false as const } },
      }),
    });
    const unheard = vi.fn();
    process.on('unhandledRejection', unheard);
    onTestFinished(() => void process.off('unhandledRejection', unheard));
    const { id } = (lane === 'self' ? sender : receiver).membership.self;
    const bodies = [
      ...Object.keys(VALUES).map((what) => ({ type: 'returns', what })),
      ...['throws', 'rejects'].flatMap((type) =>
        Object.keys(ERRORS).map((what) => ({ type, what })),
      ),
    ];
    for (const body of bodies) {
      error.mockClear();
      await expect(
        sender.messaging.send(id, body),
        JSON.stringify(body),
      ).rejects.toMatchObject({ code: 'BAD_STATUS', status: 500 });
      expect(error.mock.calls, JSON.stringify(body)).toEqual([
        [expect.stringContaining(`Odd.${body.type}`), expect.anything()],
      ]);
    }
    expect(await sender.messaging.send(id, { type: 'fine' })).toEqual({
      fine: true,
    });
    expect(unheard).not.toHaveBeenCalled();
  },
);
