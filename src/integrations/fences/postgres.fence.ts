import type {
  CloudFence,
  FenceLease,
  FenceRequest,
} from './cloud-fence.interface.js';
import { FenceError } from './fence.error.js';
import { unreachable, wrongTable } from './fence.messages.js';
import { holdLease, KEPT_OCCURRENCES } from './held-lease.js';

/** What is needed of a `Pool` of pg. */
export interface PostgresPool {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ rows: Record<string, unknown>[] }>;
}

/** How a PostgresFence keeps its leases. */
export interface PostgresFenceOptions {
  /** Its table, with a schema in front if need be; default `peercloud_fence`. */
  table?: string;
}

const TABLE_NAME = /^[a-z_]\w*(\.[a-z_]\w*)?$/i;
/** What PostgreSQL says where two make the same table at the same moment. */
const MADE_BY_ANOTHER = new Set(['23505', '42P07', '42710']);

/**
 * Leases in a table of PostgreSQL: a row for each name, judged by the database's clock.
 * Each step is one statement that keeps nothing in its session, so a pooler in transaction mode may
 * stand between. Tokens and occurrences are kept for as long as the table; a standby that was promoted
 * without the last commits has forgotten them.
 */
export class PostgresFence implements CloudFence {
  readonly #pool: PostgresPool;
  readonly #table: string;

  /**
   * @param pool a `Pool` of pg, the application's own
   * @throws FenceError `FENCE_MISUSED` if `table` is no name of a table
   */
  constructor(pool: PostgresPool, options: PostgresFenceOptions = {}) {
    const { table = 'peercloud_fence' } = options;
    if (!TABLE_NAME.test(table)) {
      throw new FenceError('FENCE_MISUSED', wrongTable(table));
    }
    this.#pool = pool;
    this.#table = table;
  }

  /**
   * Makes the table where there is none. All replicas may do so at once.
   *
   * @throws FenceError `FENCE_UNREACHABLE` if the database did not do it
   */
  async createTable(): Promise<void> {
    try {
      await this.#pool.query(
        `create table if not exists ${this.#table} (
          name text primary key,
          owner text not null,
          token bigint not null,
          occurrences bigint[] not null,
          expires_at timestamptz not null
        )`,
        [],
      );
    } catch (error) {
      if (!MADE_BY_ANOTHER.has((error as { code?: string }).code ?? '')) {
        throw new FenceError(
          'FENCE_UNREACHABLE',
          unreachable(this.#table, error),
          { cause: error },
        );
      }
    }
  }

  acquire(
    name: string,
    request: FenceRequest,
  ): Promise<FenceLease | undefined> {
    const { owner, ttl, occurrence = null } = request;
    return holdLease(name, request, async () => {
      const [row] = await this.#rows(
        `insert into ${this.#table} as held (name, owner, token, occurrences, expires_at)
         values ($1, $2, 1, array_remove(array[$3::bigint], null), clock_timestamp() + $4 * interval '1 ms')
         on conflict (name) do update set
           owner = excluded.owner,
           token = held.token + 1,
           occurrences = array(
             select had from unnest(held.occurrences || excluded.occurrences) as had
             order by had desc limit ${KEPT_OCCURRENCES}
           ),
           expires_at = clock_timestamp() + $4 * interval '1 ms'
         where held.expires_at <= clock_timestamp() and not ${wasHad('$3')}
         returning token`,
        [name, owner, occurrence, ttl],
      );
      if (row) {
        return this.#lease(name, String(row['token']), ttl);
      }
      return (await this.#wasHad(name, occurrence)) ? 'had' : undefined;
    });
  }

  async #wasHad(name: string, occurrence: number | null): Promise<boolean> {
    const rows = await this.#rows(
      `select from ${this.#table} as held where name = $1 and ${wasHad('$2')}`,
      [name, occurrence],
    );
    return rows.length > 0;
  }

  #lease(name: string, token: string, ttl: number) {
    return {
      token: BigInt(token),
      renew: async () => {
        const rows = await this.#rows(
          `update ${this.#table} set expires_at = clock_timestamp() + $3 * interval '1 ms'
           where name = $1 and token = $2 and expires_at > '-infinity' returning name`,
          [name, token, ttl],
        );
        return rows.length > 0;
      },
      release: async () => {
        await this.#rows(
          `update ${this.#table} set expires_at = '-infinity' where name = $1 and token = $2`,
          [name, token],
        );
      },
    };
  }

  async #rows(text: string, values: unknown[]) {
    const { rows } = await this.#pool.query(text, values);
    return rows;
  }
}

/** Whether the row `held` has had an occurrence, as SQL; false for null. */
function wasHad(occurrence: string): string {
  return `coalesce(
    ${occurrence}::bigint = any(held.occurrences)
    or cardinality(held.occurrences) >= ${KEPT_OCCURRENCES} and ${occurrence} < all(held.occurrences),
    false
  )`;
}
