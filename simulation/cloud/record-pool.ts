import type { Member } from '../../src/membership/core/membership.types.js';

/** Versions of one member's record that are kept: suspicions and recoveries go back and forth. */
const VERSIONS = 6;

/**
 * Equal records of many peers' lists, kept once: in one process thousands of lists of thousands of
 * members would not fit otherwise. Records never change in place, so nobody can tell.
 */
export class RecordPool {
  readonly #versions = new Map<string, Member[]>();

  /** The record itself, or an equal one from before. */
  share<T extends Member>(record: T): T {
    const versions = this.#versions.get(record.id);
    if (!versions) {
      this.#versions.set(record.id, [record]);
      return record;
    }
    for (const version of versions) {
      if (isSame(version, record)) {
        return version as T;
      }
    }
    versions.push(record);
    if (versions.length > VERSIONS) {
      versions.shift();
    }
    return record;
  }
}

function isSame(one: Member, other: Member): boolean {
  return (
    one.incarnation === other.incarnation &&
    one.state === other.state &&
    one.ip === other.ip &&
    one.port === other.port &&
    one.data === other.data &&
    one.features.length === other.features.length
  );
}
