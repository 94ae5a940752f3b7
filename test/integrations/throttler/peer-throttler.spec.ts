import { Controller, Get, UseGuards, type LoggerService } from '@nestjs/common';
import type { Server } from 'node:http';
import request from 'supertest';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import {
  PeerThrottlerModule,
  PeerThrottlerStorage,
  type PeerThrottlerOptions,
} from '../../../src/integrations/throttler/index.js';
import { KeysService, OptionsError } from '../../../src/index.js';
import {
  addReplica,
  closeReplicas,
  startReplicas as startApps,
  type TestReplica,
} from '../../support/replicas.js';
import { until } from '../../support/until.js';

afterEach(closeReplicas);

const CHANNEL = 'nestjs-peercloud/throttler';
const LIMIT = 30;

@Controller()
@UseGuards(ThrottlerGuard)
class Hello {
  @Get('hello')
  hello() {
    return 'hello';
  }
}

type Replica = TestReplica & {
  storage: PeerThrottlerStorage;
  keys: KeysService;
};

async function startReplicas(
  count: number,
  logger?: LoggerService,
): Promise<Replica[]> {
  const counting = PeerThrottlerModule.forRoot({ timeout: 10_000 });
  const replicas = await startApps(count, {
    imports: [
      ThrottlerModule.forRootAsync({
        imports: [counting],
        inject: [PeerThrottlerStorage],
        useFactory: (storage: PeerThrottlerStorage) => ({
          throttlers: [{ ttl: 600_000, limit: LIMIT }],
          storage,
        }),
      }),
    ],
    controllers: [Hello],
    ...(logger && { logger }),
  });
  return replicas.map((replica) => ({
    ...replica,
    storage: replica.get(PeerThrottlerStorage),
    keys: replica.get(KeysService),
  }));
}

/** @returns true if it passes */
async function hit({ storage }: Replica, key: string): Promise<boolean> {
  const { isBlocked } = await storage.increment(
    key,
    600_000,
    LIMIT,
    600_000,
    'default',
  );
  return !isBlocked;
}

async function passed(hits: Promise<boolean>[]): Promise<number> {
  return (await Promise.all(hits)).filter(Boolean).length;
}

it('lets the limit pass, over all replicas and under load, by the guard of @nestjs/throttler', async () => {
  const replicas = await startReplicas(3);
  const answers = await Promise.all(
    Array.from({ length: 3 * LIMIT }, (_, at) =>
      request(replicas[at % 3]!.app.getHttpServer() as Server).get('/hello'),
    ),
  );
  const ok = answers.filter(({ status }) => status === 200);
  expect(ok).toHaveLength(LIMIT);
  const refused = answers.find(({ status }) => status === 429)!;
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(590);
});

it('lets at most two limits and the shares of one pass when the owner goes in the middle', async () => {
  const replicas = await startReplicas(3);
  const owner = replicas.find(({ keys }) => keys.isOwner('default:k'))!;
  const others = replicas.filter((each) => each !== owner);
  const load = (count: number): Promise<boolean>[] =>
    others.flatMap((each) =>
      Array.from({ length: count }, () => hit(each, 'k')),
    );
  const before = load(LIMIT);
  const closing = owner.close();
  const during = load(LIMIT);
  const total = (await passed(before)) + (await passed(during));
  await closing;
  await until(() =>
    others.every(({ membership }) => membership.peers().length === 1),
  );
  const after = await passed(load(LIMIT));
  expect(total + after).toBeGreaterThanOrEqual(LIMIT);
  expect(total + after).toBeLessThanOrEqual(3 * LIMIT);
  expect(await passed(load(5))).toBe(0);
});

it('lets its share pass while the owner does not count', async () => {
  const lines: string[] = [];
  const note = (line: unknown): void => void lines.push(String(line));
  const logger = { log: note, warn: note, error: note };
  const [one] = (await startReplicas(1, logger)) as [Replica];
  const other = await addReplica();
  await until(() => one.keys.ownersOf('k', 2).length === 2);
  const key = Array.from({ length: 100 }, (_, n) => `k${n}`).find(
    (each) => !one.keys.isOwner(`default:${each}`),
  )!;
  expect(await passed(Array.from({ length: LIMIT }, () => hit(one, key)))).toBe(
    LIMIT / 2,
  );
  expect(
    lines.filter((line) => /has no PeerThrottlerStorage/.test(line)),
  ).toHaveLength(1);

  const channel = other.messaging.channel(CHANNEL);
  for (const body of [
    {},
    { key: 1, ttl: 1, limit: 1, block: 1 },
    { key: 'k', ttl: -1, limit: 1, block: 1 },
  ]) {
    await expect(channel.send(one.id, body)).rejects.toMatchObject({
      status: 400,
    });
  }
  expect(lines.filter((line) => /refuses what peer/.test(line))).toHaveLength(
    1,
  );
});

it.each([
  [{ maxKeys: 0 }, /maxKeys: 0/],
  [{ timeout: NaN }, /timeout: NaN/],
  [{ max: 1 } as object, /max: 1: there is no such option/],
] as [PeerThrottlerOptions, RegExp][])(
  '%j ends the start',
  async (options, message) => {
    for (const imported of [
      PeerThrottlerModule.forRoot(options),
      PeerThrottlerModule.forRootAsync({ useFactory: () => options }),
    ]) {
      const start = startApps(1, { imports: [imported] });
      await expect(start).rejects.toThrow(OptionsError);
      await expect(start).rejects.toThrow(message);
    }
  },
);
