import { jsonBytes } from '../../../wire/json-bytes.js';
import { sameAddress } from '../../../wire/address.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import type { JoinAccepted } from '../../../wire/requests.js';
import { sleep, type CoreContext } from '../core-context.js';
import { answeredPeers, answeredSelf } from './join-body.js';
import {
  isLegacy,
  makeRecord,
  type MemberRecord,
} from '../member-list/member-record.js';
import { JOIN_TELLING_MOMENT } from '../options/membership.limits.js';
import type { Newcomers } from '../dissemination/newcomers.js';
import type { NewsSpreader } from '../dissemination/news-spreader.js';
import type { StatusCaller } from '../status/status-caller.js';
import type { Teller } from '../dissemination/teller.js';

/** Bytes of the answer to a join besides the receiver's record and the members: the joiner's address, and keys. */
const MAX_REST_BYTES = 1024;

/** Whom this peer has told of one newcomer. */
interface Telling {
  readonly joiner: MemberRecord;
  /** The newcomer as it was listed before. */
  readonly known: MemberRecord | undefined;
  /** It says that it is a member of a cloud, perhaps of this one. */
  readonly isMember: boolean;
  readonly told: Set<string>;
  readonly acknowledged: Set<string>;
}

/** Makes a checked joiner a member: tells the others, adds it, answers (PROTOCOL.md, section 2, `/join`). */
export class JoinAdmission {
  readonly #running = new Map<string, Promise<unknown>>();

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;
  readonly #teller: Teller;
  readonly #newcomers: Newcomers;
  readonly #spreader: NewsSpreader;

  constructor(
    ctx: CoreContext,
    caller: StatusCaller,
    teller: Teller,
    newcomers: Newcomers,
    spreader: NewsSpreader,
  ) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#teller = teller;
    this.#newcomers = newcomers;
    this.#spreader = spreader;
  }

  /**
   * One admission at a time for each id, so that nobody hears of one newcomer as of two.
   * @param isMember it says that it has joined already: legacy members may list it
   * @returns undefined if the list has become full meanwhile
   */
  async admit(
    info: PeerInfo,
    isMember: boolean,
  ): Promise<JoinAccepted | undefined> {
    for (let before; (before = this.#running.get(info.id));) {
      await before;
    }
    const run = this.#admit(info, isMember).finally(() =>
      this.#running.delete(info.id),
    );
    this.#running.set(info.id, run);
    return run;
  }

  async #admit(
    info: PeerInfo,
    isMember: boolean,
  ): Promise<JoinAccepted | undefined> {
    const { list } = this.#ctx;
    const joiner = this.#record(info);
    const telling: Telling = {
      joiner,
      known: list.peek(joiner.id),
      isMember,
      told: new Set(),
      acknowledged: new Set(),
    };
    const everybody = this.#tell(telling);
    if (telling.told.size > 0) {
      await Promise.race([everybody, sleep(this.#ctx, JOIN_TELLING_MOMENT)]);
    }
    if (!this.#add(joiner)) {
      return undefined;
    }
    void this.#tellTheRest(telling, everybody);
    this.#newcomers.add(joiner.id, telling.acknowledged);
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
      legacyTold: true,
      verified: true,
    });
    return outcome !== 'full';
  }

  /**
   * One that counts as gone is back by its own word. If its incarnation does not say so yet, it is told
   * to raise it: only the member itself may.
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
    const isNews = !known || !sameAddress(known, info);
    const incarnation = last ? last.incarnation + (isNews ? 1 : 0) : 0;
    return makeRecord({ ...info, incarnation }, 'alive');
  }

  /** Tells everybody who has to hear of it and has not been told yet. */
  async #tell(telling: Telling): Promise<void> {
    const { joiner, told, acknowledged } = telling;
    const audience = this.#teller
      .audience(joiner.id)
      .filter(({ id }) => !told.has(id));
    for (const { id } of audience) {
      told.add(id);
    }
    await Promise.all(
      audience.map(async (member) => {
        if (await this.#tellOne(member, telling)) {
          acknowledged.add(member.id);
        }
      }),
    );
  }

  /**
   * A legacy member adds whatever it is told, so it hears of a re-join only where the address is new, or
   * where this peer did not know the joiner, and then after its end.
   */
  async #tellOne(
    member: MemberRecord,
    { joiner, known, isMember }: Telling,
  ): Promise<boolean> {
    if (isLegacy(member)) {
      if (known?.address === joiner.address) {
        return true;
      }
      const isDoubtful = known !== undefined || isMember;
      if (isDoubtful && !(await this.#teller.left(member, joiner.id))) {
        return false;
      }
    }
    return this.#teller.joined(member, joiner);
  }

  /** Members that came in meanwhile, and once more those that did not hear. */
  async #tellTheRest(
    telling: Telling,
    everybody: Promise<void>,
  ): Promise<void> {
    await Promise.all([everybody, this.#tell(telling)]);
    const { joiner, told, acknowledged } = telling;
    if (acknowledged.size === told.size) {
      return;
    }
    const { list, options, life } = this.#ctx;
    this.#spreader.again(joiner.id);
    await sleep(this.#ctx, options.probeInterval);
    for (const id of told) {
      const member = acknowledged.has(id) ? undefined : list.peek(id);
      const current = list.peek(joiner.id);
      if (!member || !current || isLegacy(member) || !life.active) {
        continue;
      }
      void this.#teller.joined(member, current);
    }
  }
}
