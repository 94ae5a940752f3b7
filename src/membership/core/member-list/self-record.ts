import { FEATURES } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import {
  changeRecord,
  makeRecord,
  toPeerInfo,
  type MemberRecord,
} from './member-record.js';
import { MAX_INCARNATION_LEAD } from '../options/membership.limits.js';
import type {
  MembershipEnvironment,
  SelfDescription,
} from '../membership.types.js';

/** What a change of the own record is told with. */
export type SelfListener = (now: MemberRecord, before: MemberRecord) => void;

/** This peer's own record: the only one whose incarnation this peer raises by right. */
export class SelfRecord {
  #record: MemberRecord;
  readonly hasFixedId: boolean;
  readonly #listeners: SelfListener[] = [];

  readonly #env: MembershipEnvironment;

  constructor(description: SelfDescription, env: MembershipEnvironment) {
    this.#env = env;
    this.hasFixedId = description.hasFixedId ?? false;
    this.#record = this.#signed(
      makeRecord(
        {
          id: description.id,
          ip: description.ip ?? '',
          port: 0,
          data: description.data,
          features: FEATURES,
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

  onChange(listener: SelfListener): void {
    this.#listeners.push(listener);
  }

  /** The port to advertise. */
  listen(port: number): void {
    this.#change({ port });
  }

  /**
   * Raises the incarnation above the own one and above one that was heard. One that is too far ahead
   * is not believed (PROTOCOL.md, section 4).
   * @returns false if it was not believed
   */
  raise(above = this.incarnation): boolean {
    if (above > this.#env.clock.now() + MAX_INCARNATION_LEAD) {
      return false;
    }
    this.#change({ incarnation: Math.max(above, this.incarnation) + 1 });
    return true;
  }

  /** New data, under a new incarnation. */
  setData(data: JsonObject): void {
    this.#change({ data, incarnation: this.incarnation + 1 });
  }

  /**
   * Takes what the answer to a join says about this peer: its id, and its address while it has none.
   * Who lets it in again may lie, and an address of another would be refused to that one from then on.
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
      Pick<MemberRecord, 'id' | 'ip' | 'port' | 'data' | 'incarnation'>
    >,
  ): void {
    const before = this.#record;
    this.#record = this.#signed(changeRecord(before, change));
    for (const listener of this.#listeners) {
      listener(this.#record, before);
    }
  }

  #signed(record: MemberRecord): MemberRecord {
    const signature = this.#env.signRecord?.(toPeerInfo(record));
    return signature === undefined ? record : { ...record, signature };
  }
}
