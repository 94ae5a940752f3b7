import { randomUUID } from 'node:crypto';
import type {
  CloudFence,
  FenceLease,
  FenceRequest,
} from './cloud-fence.interface.js';
import { FenceError } from './fence.error.js';
import { bucketInMemory, forgetfulBucket } from './fence.messages.js';
import { holdLease, KEPT_OCCURRENCES, type EngineLease } from './held-lease.js';

/** What is needed of an entry of a bucket. */
export interface NatsKvEntry {
  revision: number;
  created: Date;
  operation: string;
  string(): string;
}

/** What is needed of a `KV` of @nats-io/kv. */
export interface NatsKv {
  get(key: string): Promise<NatsKvEntry | null>;
  put(key: string, value: string): Promise<number>;
  create(key: string, value: string): Promise<number>;
  update(key: string, value: string, revision: number): Promise<number>;
  status(): Promise<{ bucket: string; ttl: number; storage: string }>;
}

/** What a bucket says of a name. */
interface Held {
  /** The lease's own, so that its holder knows it again. */
  id: string;
  owner: string;
  /** Ms from when the entry was written; 0 once it is released. */
  ttl: number;
  /** The highest first. */
  occurrences: number[];
}

/** No name's entry has a key like this one. */
const CLOCK = 'clock';
/** What JetStream says where somebody else wrote first. */
const WRITTEN_BY_ANOTHER = new Set([10071, 10164]);

/**
 * Leases in a bucket of NATS JetStream, server 2.9 or newer: an entry for each name, written only over
 * the revision that was read, judged by the server's clock. The revision is the token.
 * The bucket keeps its entries in files and has no ttl of its own. Tokens and occurrences are kept for
 * as long as the bucket.
 */
export class NatsFence implements CloudFence {
  readonly #kv: NatsKv;
  #checked: Promise<void> | undefined;

  /** @param kv a bucket of @nats-io/kv, the application's own */
  constructor(kv: NatsKv) {
    this.#kv = kv;
  }

  /** @throws FenceError `FENCE_MISUSED` too, if the bucket would forget */
  acquire(
    name: string,
    request: FenceRequest,
  ): Promise<FenceLease | undefined> {
    return holdLease(name, request, async () => {
      await this.#check();
      return this.#take(name, request);
    });
  }

  async #take(
    name: string,
    { owner, ttl, occurrence }: FenceRequest,
  ): Promise<EngineLease | 'had' | undefined> {
    const key = `name.${Buffer.from(name).toString('base64url')}`;
    const entry = await this.#kv.get(key);
    const last = readHeld(entry);
    const occurrences = last?.occurrences ?? [];
    if (occurrence !== undefined && wasHad(occurrence, occurrences)) {
      return 'had';
    }
    if (entry && last && !(await this.#isOver(entry, last))) {
      return undefined;
    }
    const held: Held = {
      id: randomUUID(),
      owner,
      ttl,
      occurrences: [
        ...occurrences,
        ...(occurrence === undefined ? [] : [occurrence]),
      ]
        .sort((a, b) => b - a)
        .slice(0, KEPT_OCCURRENCES),
    };
    const token = await write(this.#kv, key, held, entry?.revision);
    return token === undefined
      ? undefined
      : new NatsLease(this.#kv, key, held, token);
  }

  /** The server's clock is read off an entry that is written now. */
  async #isOver(entry: NatsKvEntry, { ttl }: Held): Promise<boolean> {
    if (ttl === 0) {
      return true;
    }
    await this.#kv.put(CLOCK, '');
    const now = (await this.#kv.get(CLOCK))?.created ?? entry.created;
    return now.getTime() - entry.created.getTime() > ttl;
  }

  #check(): Promise<void> {
    this.#checked ??= this.#kv.status().then(
      ({ bucket, ttl, storage }) => {
        if (ttl > 0) {
          throw new FenceError('FENCE_MISUSED', forgetfulBucket(bucket));
        }
        if (storage !== 'file') {
          throw new FenceError('FENCE_MISUSED', bucketInMemory(bucket));
        }
      },
      (error: unknown) => {
        this.#checked = undefined;
        throw error;
      },
    );
    return this.#checked;
  }
}

class NatsLease implements EngineLease {
  readonly token: bigint;

  readonly #kv: NatsKv;
  readonly #key: string;
  readonly #held: Held;
  #revision: number;

  constructor(kv: NatsKv, key: string, held: Held, revision: number) {
    this.#kv = kv;
    this.#key = key;
    this.#held = held;
    this.#revision = revision;
    this.token = BigInt(revision);
  }

  renew(): Promise<boolean> {
    return this.#write(this.#held);
  }

  async release(): Promise<void> {
    await this.#write({ ...this.#held, ttl: 0 });
  }

  async #write(held: Held): Promise<boolean> {
    let revision = await write(this.#kv, this.#key, held, this.#revision);
    if (!revision) {
      // One of our own renewals may have arrived whose answer did not.
      const entry = await this.#kv.get(this.#key);
      const present = readHeld(entry);
      if (!entry || present?.id !== held.id || present.ttl === 0) {
        return false;
      }
      revision = await write(this.#kv, this.#key, held, entry.revision);
    }
    this.#revision = revision ?? this.#revision;
    return revision !== undefined;
  }
}

/** The new revision, or undefined if somebody else wrote since the last one. */
async function write(
  kv: NatsKv,
  key: string,
  held: Held,
  revision: number | undefined,
): Promise<number | undefined> {
  const value = JSON.stringify(held);
  try {
    return await (revision === undefined
      ? kv.create(key, value)
      : kv.update(key, value, revision));
  } catch (error) {
    if (WRITTEN_BY_ANOTHER.has((error as { code?: number }).code ?? 0)) {
      return undefined;
    }
    throw error;
  }
}

/** What an entry says; undefined where there is none, or a mark that it was deleted. */
function readHeld(entry: NatsKvEntry | null): Held | undefined {
  return entry?.operation === 'PUT'
    ? (JSON.parse(entry.string()) as Held)
    : undefined;
}

function wasHad(occurrence: number, had: readonly number[]): boolean {
  const lowest = had[KEPT_OCCURRENCES - 1];
  return (
    had.includes(occurrence) || (lowest !== undefined && occurrence < lowest)
  );
}
