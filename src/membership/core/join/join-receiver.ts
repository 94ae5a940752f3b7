import { LimitedLog } from '../../../util/limited-log.js';
import { sameAddress } from '../../../wire/address.js';
import { jsonBytes } from '../../../wire/json.js';
import type {
  PeerInfo,
  JoinAccepted,
  JoinAnswer,
  JoinRefusal,
  JoinRejected,
  JoinRequest,
} from '../../../wire/bodies.js';
import { sleep, type CoreContext } from '../context.js';
import type { Gossiper, Newcomers, Notifier } from '../dissemination/index.js';
import { Semaphore } from '../../../util/semaphore.js';
import {
  isLegacy,
  makeRecord,
  type MemberRecord,
} from '../member-list/index.js';
import type { RequestOrigin } from '../membership.types.js';
import { JOIN_BROADCAST_WAIT } from '../options/membership.options.js';
import type { StatusCaller } from '../status/index.js';
import { answeredPeers, answeredSelf } from './join-body.js';
import type { Joiner } from './joiner.js';
import { JoinCheck, type Admitted, type Refusal } from './join-check.js';

/** What the wire says about a refusal: the same for everything that the check found. */
const REFUSALS: Record<JoinRefusal, string> = {
  CHECK_FAILED: 'the check of the joining peer failed',
  ID_TAKEN: 'another peer of this cloud has that id',
  CLOUD_FULL: 'this cloud takes no more peers',
  WRONG_CLOUD: 'this is a cloud of another name',
  CLOCK_AHEAD: "by this peer's clock the joining peer starts in the future",
  LEAVING: 'this peer is leaving',
};

/** Refusals that somebody has to do something about. */
const WARNINGS: ReadonlySet<JoinRefusal> = new Set(['ID_TAKEN', 'CLOCK_AHEAD']);

function rejected(code: JoinRefusal): JoinRejected {
  return { status: 'rejected', error: { code, message: REFUSALS[code] } };
}

/** Bytes of the answer to a join besides the receiver's record and the members: the joiner's address, and keys. */
const MAX_REST_BYTES = 1024;

/** The members that this peer has notified of one newcomer. */
interface Broadcast {
  readonly joiner: MemberRecord;
  /** The newcomer as it was listed before. */
  readonly known: MemberRecord | undefined;
  /** True if it says that it is a member of a cloud, perhaps of this one: legacy members may list it. */
  readonly isMember: boolean;
  readonly notified: Set<string>;
  readonly acknowledged: Set<string>;
}

/** Lets others in: a checked joiner is announced, added and answered (PROTOCOL.md, section 2, `/join`). */
export class JoinReceiver {
  readonly #semaphore: Semaphore;
  readonly #log: LimitedLog;
  readonly #warnings: LimitedLog;
  readonly #check: JoinCheck;
  /** Admissions under way, by the ids of the joiners. */
  readonly #running = new Map<string, Promise<unknown>>();

  readonly #ctx: CoreContext;
  readonly #joiner: Joiner;
  readonly #caller: StatusCaller;
  readonly #notifier: Notifier;
  readonly #newcomers: Newcomers;
  readonly #gossiper: Gossiper;

  constructor(
    ctx: CoreContext,
    joiner: Joiner,
    caller: StatusCaller,
    notifier: Notifier,
    newcomers: Newcomers,
    gossiper: Gossiper,
  ) {
    this.#ctx = ctx;
    this.#joiner = joiner;
    this.#caller = caller;
    this.#notifier = notifier;
    this.#newcomers = newcomers;
    this.#gossiper = gossiper;
    this.#check = new JoinCheck(ctx, caller);
    const { maxJoinChecks, maxWaitingJoins } = ctx.options.limits;
    this.#semaphore = new Semaphore(maxJoinChecks, maxWaitingJoins);
    const { logger, clock } = ctx.env;
    const now = () => clock.monotonic();
    this.#log = new LimitedLog({ warn: (text) => logger.log(text) }, now);
    this.#warnings = new LimitedLog(logger, now);
  }

  async receive(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    if (this.#joiner.meetsItself(request)) {
      return rejected('ID_TAKEN');
    }
    const decision = await this.#semaphore.run(
      () => this.#check.decide(request, origin),
      origin.remoteAddress,
    );
    if (!decision) {
      const why = 'too many joins wait';
      return this.#refuse({ code: 'CHECK_FAILED', why }, request, origin);
    }
    if ('code' in decision) {
      return this.#refuse(decision, request, origin);
    }
    const answer = await this.#admit(decision);
    return answer ?? this.#refuse({ code: 'CLOUD_FULL' }, request, origin);
  }

  /** Anybody can be refused as often as it likes, so the log is limited; a listener hears of each. */
  #refuse(
    { code, why = REFUSALS[code], detail = '' }: Refusal,
    { id }: JoinRequest,
    { remoteAddress }: RequestOrigin,
  ): JoinAnswer {
    const reason = why + detail;
    const log = WARNINGS.has(code) ? this.#warnings : this.#log;
    log.warn(
      `Refused to let in ${id ?? 'a peer'} from ${remoteAddress || 'a socket without an address'}${detail} (${code})`,
      why,
    );
    const { env, self } = this.#ctx;
    env.onJoinRefused?.({ self: self.id, code, reason, id, remoteAddress });
    return rejected(code);
  }

  /**
   * One admission at a time for each id, so that nobody hears of one newcomer as of two.
   * @returns undefined if the list has become full meanwhile
   */
  async #admit(joiner: Admitted): Promise<JoinAccepted | undefined> {
    const { id } = joiner.info;
    for (let before; (before = this.#running.get(id));) {
      await before;
    }
    const run = this.#letIn(joiner).finally(() => this.#running.delete(id));
    this.#running.set(id, run);
    return run;
  }

  async #letIn({
    info,
    isMember,
  }: Admitted): Promise<JoinAccepted | undefined> {
    const joiner = this.#record(info);
    const broadcast: Broadcast = {
      joiner,
      known: this.#ctx.list.peek(joiner.id),
      isMember,
      notified: new Set(),
      acknowledged: new Set(),
    };
    const everybody = this.#notify(broadcast);
    if (broadcast.notified.size > 0) {
      await Promise.race([everybody, sleep(this.#ctx, JOIN_BROADCAST_WAIT)]);
    }
    if (!this.#add(joiner)) {
      return undefined;
    }
    void this.#notifyTheRest(broadcast, everybody);
    this.#newcomers.add(joiner.id, broadcast.acknowledged);
    return this.#answer(joiner);
  }

  #answer(joiner: MemberRecord): JoinAccepted {
    const { list, self, options } = this.#ctx;
    const { id, ip, port } = list.peek(joiner.id) ?? joiner;
    const own = answeredSelf(self.record, joiner);
    // What the joiner takes is its own option; most peers of a cloud are set up alike.
    const room =
      options.limits.maxAnswerBytes - jsonBytes(own) - MAX_REST_BYTES;
    const peers = answeredPeers(list, joiner, room);
    return { status: 'joined', id, ip, port, self: own, peers };
  }

  #add(joiner: MemberRecord): boolean {
    const { list } = this.#ctx;
    this.#forgive(joiner);
    const outcome = list.apply(joiner, {
      origin: 'join',
      from: joiner.id,
      legacyNotified: true,
      verified: true,
    });
    return outcome !== 'full';
  }

  /**
   * A joiner that counts as gone is back by its own word. If its incarnation does not say so yet, it hears
   * that it has to raise it: only the member itself may.
   */
  #forgive(joiner: MemberRecord): void {
    const { list, options } = this.#ctx;
    const stone = list.tombstones.get(joiner.id);
    if (!stone || joiner.incarnation > stone.incarnation) {
      return;
    }
    list.tombstones.delete(joiner.id);
    void this.#caller.ask(joiner, options.requestTimeout, {
      seen: stone.incarnation + 1,
    });
  }

  /** A legacy peer counts nothing, so this peer counts for it: its return, and its move. */
  #record(info: PeerInfo): MemberRecord {
    if (info.features) {
      return makeRecord(info, 'alive');
    }
    const { list } = this.#ctx;
    const known = list.peek(info.id);
    const last = known ?? list.tombstones.get(info.id);
    const isNew = !known || !sameAddress(known, info);
    const incarnation = last ? last.incarnation + (isNew ? 1 : 0) : 0;
    return makeRecord({ ...info, incarnation }, 'alive');
  }

  /** Notifies all that have to hear of the newcomer and have not been notified yet. */
  async #notify(broadcast: Broadcast): Promise<void> {
    const { joiner, notified, acknowledged } = broadcast;
    const recipients = this.#notifier
      .recipients(joiner.id)
      .filter(({ id }) => !notified.has(id));
    for (const { id } of recipients) {
      notified.add(id);
    }
    await Promise.all(
      recipients.map(async (member) => {
        if (await this.#notifyOne(member, broadcast)) {
          acknowledged.add(member.id);
        }
      }),
    );
  }

  /**
   * A legacy member adds an entry each time, so it hears of a re-join only where the address is new, or
   * where this peer did not know the joiner, and then after its end.
   */
  async #notifyOne(
    member: MemberRecord,
    { joiner, known, isMember }: Broadcast,
  ): Promise<boolean> {
    if (isLegacy(member)) {
      if (known?.address === joiner.address) {
        return true;
      }
      const isDoubtful = known !== undefined || isMember;
      if (isDoubtful && !(await this.#notifier.left(member, joiner.id))) {
        return false;
      }
    }
    return this.#notifier.joined(member, joiner);
  }

  /** Members that came in meanwhile, and once more those that did not hear. */
  async #notifyTheRest(
    broadcast: Broadcast,
    everybody: Promise<void>,
  ): Promise<void> {
    await Promise.all([everybody, this.#notify(broadcast)]);
    const { joiner, notified, acknowledged } = broadcast;
    if (acknowledged.size === notified.size) {
      return;
    }
    const { list, options, life } = this.#ctx;
    this.#gossiper.again(joiner.id);
    await sleep(this.#ctx, options.probeInterval);
    for (const id of notified) {
      const member = acknowledged.has(id) ? undefined : list.peek(id);
      const current = list.peek(joiner.id);
      if (!member || !current || isLegacy(member) || !life.active) {
        continue;
      }
      void this.#notifier.joined(member, current);
    }
  }
}
