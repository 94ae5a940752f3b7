import type { Emits } from '../../../util/typed-emitter.js';
import { FEATURES } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import type {
  MembershipEnvironment,
  SelfDescription,
} from '../membership.types.js';
import type { MemberListEvents } from './member-change.js';
import {
  changeRecord,
  isCredibleIncarnation,
  makeRecord,
  toPeerInfo,
  type MemberRecord,
} from './member-record.js';

/** This peer's own record: the only one whose incarnation this peer raises by right. */
export class SelfRecord {
  #record: MemberRecord;
  readonly hasFixedId: boolean;

  readonly #events: Emits<MemberListEvents>;
  readonly #env: MembershipEnvironment;

  constructor(
    events: Emits<MemberListEvents>,
    description: SelfDescription,
    env: MembershipEnvironment,
  ) {
    this.#events = events;
    this.#env = env;
    this.hasFixedId = description.hasFixedId ?? false;
    this.#record = this.#signed(
      makeRecord(
        {
          id: description.id,
          ip: description.ip ?? '',
          port: 0,
          data: description.data,
          features: [...FEATURES],
          incarnation: env.clock.now(),
          ...(description.cloud !== undefined && { cloud: description.cloud }),
          ...(description.scheme !== undefined && {
            scheme: description.scheme,
          }),
        },
        'alive',
      ),
    );
  }

  get record(): MemberRecord {
    return this.#record;
  }

  get id(): string {
    return this.#record.id;
  }

  get incarnation(): number {
    return this.#record.incarnation;
  }

  get cloud(): string {
    return this.#record.cloud ?? '';
  }

  /** False until the address to advertise is known. */
  get hasAddress(): boolean {
    return this.#record.ip !== '';
  }

  /** The port to advertise. */
  listen(port: number): void {
    this.#change({ port });
  }

  /**
   * Raises the incarnation above the own one and above one that was heard of. One that is too far ahead
   * is not believed (PROTOCOL.md, section 4).
   * @returns false if the one that was heard of is not believed
   */
  raise(above = this.incarnation): boolean {
    const isHigher = above > this.incarnation;
    if (isHigher && !isCredibleIncarnation(above, this.#env.clock, 'raise')) {
      return false;
    }
    this.#change({ incarnation: Math.max(above, this.incarnation) + 1 });
    return true;
  }

  /**
   * Begins anew at the time of day, where the own incarnation is so far ahead that nobody believes it: the
   * clock was wrong at the start, and has been put right.
   * @returns false where it is not
   */
  rewind(): boolean {
    const { clock } = this.#env;
    if (isCredibleIncarnation(this.incarnation, clock, 'ownWord')) {
      return false;
    }
    this.#change({ incarnation: clock.now() });
    return true;
  }

  /** New data, under a new incarnation. */
  setData(data: JsonObject): void {
    this.#change({ data, incarnation: this.incarnation + 1 });
  }

  /** Other features, under a new incarnation. */
  setFeatures(features: readonly string[]): void {
    this.#change({ features, incarnation: this.incarnation + 1 });
  }

  /**
   * Takes what the answer to a join says about this peer: its id, and its address while it has none.
   * A receiver may lie, and the address of another peer would be refused to that peer from then on.
   */
  adopt(id: string, ip: string | undefined): void {
    const inferred = this.hasAddress ? undefined : ip;
    if (id === this.id && inferred === undefined) {
      return;
    }
    this.#change({ id, ip: inferred ?? this.#record.ip });
  }

  #change(
    change: Partial<
      Pick<
        MemberRecord,
        'id' | 'ip' | 'port' | 'data' | 'features' | 'incarnation'
      >
    >,
  ): void {
    const before = this.#record;
    this.#record = this.#signed(changeRecord(before, change));
    this.#events.emit('self.changed', this.#record, before);
  }

  #signed(record: MemberRecord): MemberRecord {
    const signature = this.#env.signRecord?.(toPeerInfo(record));
    return signature === undefined ? record : { ...record, signature };
  }
}
