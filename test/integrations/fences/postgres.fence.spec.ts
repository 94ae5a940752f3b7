import { randomUUID } from 'node:crypto';
import pg from 'pg';
import {
  PostgresFence,
  type PostgresPool,
} from '../../../src/integrations/fences/index.js';
import { describeWith, POSTGRES } from '../../support/services.js';
import { itConforms } from './conformance.js';

const connectTo = (port: number) => ({
  port,
  host: '127.0.0.1',
  user: process.env['PGUSER'] ?? 'postgres',
  password: process.env['PGPASSWORD'],
  database: 'test',
});

await describeWith([POSTGRES], 'PostgresFence', () => {
  const table = `fence_${randomUUID().replaceAll('-', '_')}`;
  let pool: pg.Pool;

  beforeAll(() => {
    pool = new pg.Pool(connectTo(POSTGRES.port));
  });
  afterAll(async () => {
    await pool.query(`drop table if exists ${table}`);
    await pool.end();
  });

  describe('on a pool', () => {
    itConforms(POSTGRES.port, async (port) => {
      const own = new pg.Pool({ ...connectTo(port), max: 4 });
      const fence = new PostgresFence(own, { table });
      await fence.createTable();
      return { fence, close: () => own.end() };
    });
  });

  describe('behind a pooler in transaction mode', () => {
    itConforms(POSTGRES.port, async (port) => {
      const pooler = new TransactionPooler(port);
      const fence = new PostgresFence(pooler, { table });
      await fence.createTable();
      return { fence, close: () => pooler.end() };
    });
  });

  it('makes its table for ten replicas at once', async () => {
    const name = `public.${table}_many`;
    const fence = new PostgresFence(pool, { table: name });
    await Promise.all(Array.from({ length: 10 }, () => fence.createTable()));
    const lease = await fence.acquire('job', { owner: 'us', ttl: 1_000 });
    expect(lease?.token).toBe(1n);
    await lease?.release();
    await pool.query(`drop table ${name}`);
  });

  it('says so where its table was not made', async () => {
    const fence = new PostgresFence(pool, { table: `${table}_none` });
    await expect(
      fence.acquire('job', { owner: 'us', ttl: 1_000 }),
    ).rejects.toMatchObject({
      code: 'FENCE_UNREACHABLE',
      message: expect.stringContaining('does not exist'),
    });
  });

  it.each(['', 'a b', 'a;b', 'a"b', 'a.b.c', '1a'])(
    'refuses "%s" as a table',
    (wrong) => {
      expect(() => new PostgresFence(pool, { table: wrong })).toThrow(
        expect.objectContaining({ code: 'FENCE_MISUSED' }),
      );
    },
  );
});

/** What a pooler in transaction mode does: another session for each statement, and nothing left in it. */
class TransactionPooler implements PostgresPool {
  readonly #pools: pg.Pool[];
  #turn = 0;

  constructor(port: number) {
    this.#pools = Array.from(
      { length: 3 },
      () => new pg.Pool({ ...connectTo(port), max: 1 }),
    );
  }

  async query(text: string, values: unknown[]) {
    const pool = this.#pools[this.#turn++ % this.#pools.length]!;
    const client = await pool.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.query('discard all').catch(() => undefined);
      client.release();
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }
}
