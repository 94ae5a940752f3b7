import type {
  CloudFence,
  FenceLease,
  FenceRequest,
} from './cloud-fence.interface.js';
import { holdLease, KEPT_OCCURRENCES } from './held-lease.js';

/** What is needed of ioredis, a `Redis` or a `Cluster`. */
export interface IoRedisClient {
  defineCommand: unknown;
  eval(
    script: string,
    numberOfKeys: number,
    ...keysAndArguments: string[]
  ): Promise<unknown>;
}

/** What is needed of node-redis, a client or a cluster that is connected. */
export interface NodeRedisClient {
  eval(
    script: string,
    options: { keys: string[]; arguments: string[] },
  ): Promise<unknown>;
}

/** How a RedisFence keeps its leases. */
export interface RedisFenceOptions {
  /** In front of each key; default `peercloud:fence:`. */
  prefix?: string;
}

/**
 * KEYS: the lease, the last token, the occurrences. ARGV: owner, ttl, occurrence or nothing.
 * The server's clock in µs is the least token: a server that lost the counter goes on above it.
 */
const TAKE = `
local occurrence = tonumber(ARGV[3])
if occurrence then
  local lowest = redis.call('ZRANGE', KEYS[3], -${KEPT_OCCURRENCES}, -${KEPT_OCCURRENCES})[1]
  if redis.call('ZSCORE', KEYS[3], ARGV[3]) or (lowest and occurrence < tonumber(lowest)) then
    return 'had'
  end
end
local time = redis.call('TIME')
local token = math.max(
  tonumber(redis.call('GET', KEYS[2]) or 0) + 1,
  time[1] * 1000000 + time[2]
)
token = string.format('%.0f', token)
if not redis.call('SET', KEYS[1], token .. ' ' .. ARGV[1], 'NX', 'PX', ARGV[2]) then
  return false
end
redis.call('SET', KEYS[2], token)
if occurrence then
  redis.call('ZADD', KEYS[3], occurrence, ARGV[3])
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -${KEPT_OCCURRENCES + 1})
end
return token`;

/** KEYS: the lease. ARGV: what it holds as ours, and the ttl. */
const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])`;

/**
 * Leases in Redis, 5 or newer: a key that expires (`SET NX PX`), and a counter for its token.
 * Tokens rise through a loss of data as well, as long as the server's clock does not go back. A lease
 * or an occurrence that the server forgot (a restart without `appendfsync always`, a replica that was
 * promoted) can be had again; what checks tokens refuses the earlier one.
 */
export class RedisFence implements CloudFence {
  readonly #run: (
    script: string,
    keys: string[],
    values: string[],
  ) => Promise<unknown>;
  readonly #prefix: string;

  /** @param client of ioredis or node-redis, the application's own */
  constructor(
    client: IoRedisClient | NodeRedisClient,
    options: RedisFenceOptions = {},
  ) {
    this.#prefix = options.prefix ?? 'peercloud:fence:';
    this.#run =
      'defineCommand' in client
        ? (script, keys, values) =>
            client.eval(script, keys.length, ...keys, ...values)
        : (script, keys, values) =>
            client.eval(script, { keys, arguments: values });
  }

  acquire(
    name: string,
    request: FenceRequest,
  ): Promise<FenceLease | undefined> {
    const { owner, occurrence } = request;
    const ttl = String(Math.round(request.ttl));
    // A cluster keeps keys with the same braces in one place.
    const key = `${this.#prefix}{${name}}`;
    return holdLease(name, request, async () => {
      const token = (await this.#run(
        TAKE,
        [key, `${key}:token`, `${key}:occurrences`],
        [owner, ttl, String(occurrence ?? '')],
      )) as string | null;
      if (token === null || token === 'had') {
        return token ?? undefined;
      }
      const held = `${token} ${owner}`;
      return {
        token: BigInt(token),
        renew: async () => (await this.#run(RENEW, [key], [held, ttl])) === 1,
        release: async () => {
          await this.#run(RELEASE, [key], [held]);
        },
      };
    });
  }
}
