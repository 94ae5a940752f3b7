import { createRequire } from 'node:module';
import type { INestApplication } from '@nestjs/common';
import compression from 'compression';

// Most have no types, and here they need none.
const load = createRequire(import.meta.url) as (
  name: string,
) => (options?: object) => object;

/** An hour, in which one request may pass. */
const STRICT = { windowMs: 3_600_000, limit: 1 };

/** A session store that only counts. */
export class CountingStore {
  saved = 0;

  get(_id: string, done: (error: null, session: null) => void): void {
    done(null, null);
  }

  set(_id: string, _session: object, done: (error?: unknown) => void): void {
    this.saved++;
    done();
  }

  destroy(_id: string, done: (error?: unknown) => void): void {
    done();
  }

  on(): this {
    return this;
  }
}

/** The middlewares that an Express app may have in its `main.ts`, as strict as they come. */
export function expressNeighbours(
  store: CountingStore,
): Record<string, (app: INestApplication) => void> {
  const by = (name: string, options?: object) => (app: INestApplication) =>
    void app.use(load(name)(options));
  return {
    'express-session': (app) => {
      const { Store } = load('express-session') as unknown as {
        Store: new () => object;
      };
      app.use(
        load('express-session')({
          secret: 'of the app',
          resave: true,
          saveUninitialized: true,
          store: Object.assign(new Store(), {
            get: store.get.bind(store),
            set: store.set.bind(store),
            destroy: store.destroy.bind(store),
          }),
        }),
      );
    },
    'express-rate-limit': (app) => {
      const { rateLimit } = load('express-rate-limit') as unknown as {
        rateLimit: (options: object) => object;
      };
      app.use(rateLimit(STRICT));
    },
    helmet: by('helmet'),
    compression: (app) => void app.use(compression({ threshold: 0 })),
    cors: (app) => app.enableCors({ origin: true, credentials: true }),
    morgan: (app) => {
      const morgan = load('morgan') as unknown as (
        format: string,
        options: object,
      ) => object;
      app.use(morgan('combined', { stream: { write: () => {} } }));
    },
    'cookie-parser': by('cookie-parser'),
    'csrf-csrf': (app) => {
      const { doubleCsrf } = load('csrf-csrf') as unknown as {
        doubleCsrf: (options: object) => { doubleCsrfProtection: object };
      };
      const { doubleCsrfProtection } = doubleCsrf({
        getSecret: () => 'of the app',
        getSessionIdentifier: () => 'nobody',
      });
      app.use(load('cookie-parser')());
      app.use(doubleCsrfProtection);
    },
    passport: (app) => {
      const passport = load('passport') as unknown as {
        initialize: () => object;
        session: () => object;
      };
      app.use(
        load('express-session')({
          secret: 's',
          resave: false,
          saveUninitialized: false,
        }),
      );
      app.use(passport.initialize());
      app.use(passport.session());
    },
    'method-override': by('method-override', 'x-peercloud-id' as never),
    'response-time': by('response-time'),
    'connect-timeout': by('connect-timeout', '1ms' as never),
    'a parser of all bodies': (app) =>
      app.use(
        (
          request: AsyncIterable<Buffer> & { body: unknown },
          _response: object,
          next: () => void,
        ) => void readAll(request).then(next),
      ),
    'a login of its own': (app) =>
      app.use((_request: object, response: RawResponse) => {
        response.statusCode = 401;
        response.end('who are you?');
      }),
  };
}

/** The plugins that a Fastify app may have, as strict as they come. */
export function fastifyNeighbours(
  store: CountingStore,
): Record<string, (app: FastifyApplication) => void | Promise<void>> {
  const by =
    (name: string, options?: object) => async (app: FastifyApplication) => {
      await app.register(load(name), options);
    };
  return {
    '@fastify/rate-limit': by('@fastify/rate-limit', {
      max: 1,
      timeWindow: STRICT.windowMs,
    }),
    '@fastify/rate-limit as a hook': async (app) => {
      await app.register(load('@fastify/rate-limit'), { global: false });
      const instance = instanceOf(app);
      instance.addHook(
        'onRequest',
        instance.rateLimit({ max: 1, timeWindow: STRICT.windowMs }),
      );
    },
    '@fastify/helmet': by('@fastify/helmet'),
    '@fastify/cors': by('@fastify/cors', { origin: true }),
    '@fastify/cookie': by('@fastify/cookie'),
    '@fastify/session': async (app) => {
      await app.register(load('@fastify/cookie'));
      await app.register(load('@fastify/session'), {
        secret: 'x'.repeat(40),
        saveUninitialized: true,
        store,
      });
    },
    '@fastify/csrf-protection': async (app) => {
      await app.register(load('@fastify/cookie'));
      await app.register(load('@fastify/csrf-protection'));
      const instance = instanceOf(app);
      instance.addHook('onRequest', instance.csrfProtection);
    },
    '@fastify/passport': async (app) => {
      await app.register(load('@fastify/cookie'));
      await app.register(load('@fastify/session'), { secret: 'x'.repeat(40) });
      const { default: passport } = load('@fastify/passport') as unknown as {
        default: { initialize: () => object; secureSession: () => object };
      };
      await app.register(passport.initialize());
      await app.register(passport.secureSession());
    },
    '@fastify/under-pressure': by('@fastify/under-pressure', {
      maxHeapUsedBytes: 1,
      retryAfter: 50,
    }),
    '@fastify/etag': by('@fastify/etag'),
    'a plugin that nobody waits for': (app) =>
      void app.register(load('@fastify/rate-limit'), { max: 1 }),
    'a login of its own': (app) =>
      void instanceOf(app).addHook('onRequest', (_request, reply) =>
        reply.code(401).send('who?'),
      ),
    'a hook before the handler': (app) =>
      void instanceOf(app).addHook('preHandler', (_request, reply) =>
        reply.code(403).send('no'),
      ),
    'a middleware of Nest': (app) =>
      void app.use((_request: object, response: RawResponse) => {
        response.statusCode = 401;
        response.end('who are you?');
      }),
  };
}

interface RawResponse {
  statusCode: number;
  end(text: string): void;
}

interface Reply {
  code(status: number): { send(text: string): void };
}

export interface FastifyApplication extends INestApplication {
  register(plugin: object, options?: object): PromiseLike<unknown>;
}

interface FastifyInstance {
  addHook(name: string, hook: FastifyHook): unknown;
  csrfProtection: FastifyHook;
  rateLimit(options: object): FastifyHook;
}

type FastifyHook = (request: object, reply: Reply) => void;

function instanceOf(app: FastifyApplication): FastifyInstance {
  return app.getHttpAdapter().getInstance() as FastifyInstance;
}

async function readAll(
  request: AsyncIterable<Buffer> & { body: unknown },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  request.body = Buffer.concat(chunks).toString();
}
