import {
  sealSecret,
  secretKeyId,
  type SealedSecret,
} from '../security/index.js';
import type { JsonObject } from '../wire/json.js';
import { CommandError } from './io.js';
import { callingOf } from './members.js';
import type { Observer } from './observer.js';
import { clean } from './text.js';

/** Ms that a peer has to bring a step to all others. */
const PATIENCE = 15_000;

/** How a member stands; see `observe/secret-rotation.ts`. */
interface MemberSecrets {
  id: string;
  name?: string;
  silence?: string;
  state?: {
    allowed: boolean;
    keys: string[];
    receiver: string;
    list: string;
    refusal?: string;
  };
}

/** Why a member stops the rotation; undefined if it does not. */
type Obstacle = (
  state: NonNullable<MemberSecrets['state']>,
) => string | undefined;

/** Replaces the secret of a running cloud: each step begins when all members have confirmed the one before. */
export class Rotation {
  readonly #observer: Observer;
  readonly #old: string;
  readonly #new: string;
  readonly #oldId: string;
  readonly #newId: string;

  constructor(observer: Observer, old: string, next: string) {
    this.#observer = observer;
    this.#old = old;
    this.#new = next;
    this.#oldId = secretKeyId(old);
    this.#newId = secretKeyId(next);
  }

  /**
   * Makes sure that all members can take part, before anything is changed.
   *
   * @returns how many they are
   * @throws CommandError that names those that cannot
   */
  async check(): Promise<number> {
    const members = await this.#ask();
    this.#require(members, this.#readiness);
    return members.length;
  }

  /** All accept the new secret beside the old one. */
  async install(): Promise<void> {
    const members = await this.#ask();
    this.#require(members, this.#readiness);
    const boxes: Record<string, SealedSecret> = {};
    for (const { id, state } of members) {
      if (!state!.keys.includes(this.#newId)) {
        const box = sealSecret(this.#new, this.#old, state!.receiver);
        boxes[id] = box!;
      }
    }
    const change = { install: boxes, present: this.#oldId };
    this.#require(await this.#ask(change), ({ keys }) =>
      keys.includes(this.#newId) ? undefined : 'it has no new secret',
    );
  }

  /** All sign with the new secret. */
  async use(): Promise<void> {
    this.#require(await this.#ask({ use: this.#newId }), ({ keys }) =>
      keys[0] === this.#newId ? undefined : 'it does not sign with it',
    );
  }

  /** Nobody accepts the old secret any more. */
  async remove(): Promise<void> {
    const ready: Obstacle = (state) =>
      state.keys[0] === this.#newId
        ? undefined
        : 'it does not sign with the new one';
    this.#require(await this.#ask(), ready);
    this.#require(await this.#ask({ remove: this.#oldId }), ({ keys }) =>
      keys.includes(this.#oldId) ? 'it still accepts the old one' : undefined,
    );
  }

  readonly #readiness: Obstacle = ({ allowed, keys }) =>
    !allowed
      ? 'it does not allow this (option observe.rotate)'
      : keys.includes(this.#oldId) || keys[0] === this.#newId
        ? undefined
        : 'it does not have the secret of --secret-file';

  async #ask(change?: JsonObject): Promise<MemberSecrets[]> {
    const { members } = await this.#observer.ask<{ members: MemberSecrets[] }>(
      { ask: 'secrets', ...(change && { change }) },
      PATIENCE,
    );
    return members;
  }

  /** @throws CommandError that says who stands in the way, and why */
  #require(members: readonly MemberSecrets[], obstacle: Obstacle): void {
    const list = members[0]?.state?.list;
    const obstacles = members.flatMap((member) => {
      const { state, silence } = member;
      const why = state
        ? (state.refusal ??
          obstacle(state) ??
          (state.list === list ? undefined : 'its list of members is another'))
        : `no answer (${silence})`;
      return why === undefined ? [] : [`${callingOf(member)}: ${why}`];
    });
    if (obstacles.length > 0) {
      throw new CommandError(clean(obstacles.join('; ')));
    }
  }
}
