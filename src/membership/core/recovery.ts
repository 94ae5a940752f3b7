import { sleep, type CoreContext } from './core-context.js';
import type { Joiner } from './joiner.js';
import { isLegacy, type MemberRecord } from './member-record.js';
import type { StatusCaller } from './status-caller.js';

/** A peer that has just joined is not known to everybody yet; ms until that is an eviction. */
const GRACE = 3000;

/** How much longer the pause gets with each re-join in a row, and at most. */
const BACKOFF = 2;
const MAX_BACKOFF = 16;

/** Gets this peer back in after others have thrown it out. */
export class Recovery {
  /** Called for a legacy member that may not list this peer. */
  onLegacyStranger: (member: MemberRecord) => void = () => {};
  #joinedAt = -Infinity;
  #notBefore = -Infinity;
  #backoff = 1;
  #running = false;

  constructor(
    private readonly ctx: CoreContext,
    private readonly caller: StatusCaller,
    private readonly joiner: Joiner,
  ) {}

  /** This peer was let in somewhere. */
  joined(): void {
    this.#joinedAt = this.ctx.env.clock.monotonic();
  }

  /** A member treats this peer as a stranger. It is asked again before anything is done about it. */
  stranger(id: string): void {
    const member = this.ctx.list.get(id);
    if (!member) return;
    if (isLegacy(member)) this.onLegacyStranger(member);
    else this.#start(member, this.#joinedAt + GRACE);
  }

  /** A member told this peer that it has left. Perhaps it only passes on what others say, so it is asked. */
  evicted(by: { readonly id: string }): void {
    const member = this.ctx.list.peek(by.id);
    if (!member) return;
    if (isLegacy(member)) this.onLegacyStranger(member);
    else this.#start(member);
  }

  #start(member: MemberRecord, notBefore = -Infinity): void {
    const { life } = this.ctx;
    if (this.#running || !life.active || this.joiner.isBusy) return;
    this.#running = true;
    void this.#rejoin(member, notBefore).finally(() => {
      this.#running = false;
    });
  }

  /** @param notBefore monotonic ms until which there may be another reason for it */
  async #rejoin(member: MemberRecord, notBefore: number): Promise<void> {
    const { env, options, life } = this.ctx;
    const { clock } = env;
    const young = notBefore - clock.monotonic();
    if (young > 0) await sleep(this.ctx, young * (0.5 + env.random.next()));
    if (!(await this.#isStranger(member))) return;
    const pause = this.#notBefore - clock.monotonic();
    if (pause > 0) {
      await sleep(this.ctx, pause);
      if (!(await this.#isStranger(member))) return;
    }
    if (!life.active) return;
    env.logger.log(
      `${member.id} at ${member.address} does not list this peer any more: joining again`,
    );
    const now = clock.monotonic();
    // Long quiet before: start again with the shortest pause.
    if (now - this.#notBefore > options.rejoinInterval * MAX_BACKOFF)
      this.#backoff = 1;
    this.#notBefore =
      now + options.rejoinInterval * this.#backoff * (1 + env.random.next());
    this.#backoff = Math.min(this.#backoff * BACKOFF, MAX_BACKOFF);
    await this.joiner.joinAt(member);
  }

  /** Only a peer that lists this one answers with the extension part. */
  async #isStranger(member: MemberRecord): Promise<boolean> {
    const { list, options } = this.ctx;
    const known = list.peek(member.id);
    if (!known) return false;
    const reply = await this.caller.ask(known, options.requestTimeout);
    return (
      reply.kind === 'online' &&
      reply.status.features !== undefined &&
      !reply.status.ext
    );
  }
}
