import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import type { JsonObject } from '../../wire/json.js';
import { jsonBytes } from '../../wire/json-bytes.js';
import type { PeerAddress, PeerInfo } from '../../wire/peer-info.js';
import type {
  JoinAnswer,
  JoinRequest,
  LeftRequest,
  PeerStatus,
  UpdateRequest,
} from '../../wire/requests.js';
import { makeParts, type CoreParts } from './core-parts.js';
import { connectParts } from './core-wiring.js';
import { Departure } from './join/departure.js';
import { PeerRequests } from './peer-requests.js';
import type { ResolvedMembershipOptions } from './options/membership.options.js';
import type {
  Member,
  MembershipEnvironment,
  MembershipEvent,
  RequestOrigin,
  SelfDescription,
} from './membership.types.js';

/**
 * Who is in the cloud, and this peer's own part in it: the one class of this folder that others use.
 * It knows no framework and touches no network, clock or chance but what it is given.
 */
export class MembershipCore {
  readonly #parts: CoreParts;
  readonly #requests: PeerRequests;
  readonly #departure: Departure;

  readonly #options: ResolvedMembershipOptions;

  constructor(
    self: SelfDescription,
    options: ResolvedMembershipOptions,
    env: MembershipEnvironment,
  ) {
    this.#options = options;
    this.#parts = makeParts(self, options, env);
    connectParts(this.#parts);
    this.#requests = new PeerRequests(this.#parts);
    this.#departure = new Departure(this.#parts);
  }

  /** Own id; the answer to a join may assign another one. */
  get id(): string {
    return this.#parts.ctx.self.id;
  }

  /** Own record; its `ip` is empty until it is given or inferred by others. */
  get self(): Member {
    return this.#parts.ctx.self.record;
  }

  /** True as a member of a cloud with others. */
  get isJoined(): boolean {
    const { list, life } = this.#parts.ctx;
    return list.size > 0 && !life.leaving;
  }

  /** True from the goodbye on. */
  get leaving(): boolean {
    return this.#parts.ctx.life.leaving;
  }

  /** Fingerprint of the list, this peer included: equal for peers with equal lists. */
  get digest(): string {
    return this.#parts.ctx.list.digest.text;
  }

  /** All other members, suspected ones included; the same array until something changes. */
  members(): readonly Member[] {
    return this.#parts.ctx.list.members();
  }

  /** The member of an id, suspected or not; undefined if there is none. */
  get(id: string): Member | undefined {
    return this.#parts.ctx.list.get(id);
  }

  /** Hears everything that happens to the cloud. Returns the way to stop. */
  onEvent(listener: (event: MembershipEvent) => void): () => void {
    return this.#parts.events.listen(listener);
  }

  /** Starts joining in the background. */
  start({ port }: { port: number }): void {
    const { ctx, joiner } = this.#parts;
    if (ctx.life.started || ctx.life.stopped) {
      return;
    }
    ctx.life.start();
    ctx.self.listen(port);
    void joiner.run();
  }

  /**
   * Joins by hand.
   * @param seeds known peers; default: those of the options
   * @returns true if one of them let this peer in
   */
  async join(
    seeds: readonly PeerAddress[] = this.#options.seeds,
  ): Promise<boolean> {
    const { ctx, joiner } = this.#parts;
    // Until it listens, there is no port that others could check.
    await ctx.life.whenStarted();
    if (ctx.life.leaving) {
      await this.leave();
      ctx.life.leaving = false;
      ctx.self.raise();
    }
    if (ctx.life.stopped) {
      return false;
    }
    return joiner.join(seeds);
  }

  /** Resolves when the known peers have been tried once: member, or first of a new cloud. */
  whenJoined(): Promise<void> {
    return this.#parts.joiner.whenJoined();
  }

  /**
   * Replaces the own data here and at all others.
   * Throws a PeerCloudError with the code `DATA_TOO_LARGE`.
   */
  async update(data: JsonObject): Promise<void> {
    const { ctx, teller, spreader } = this.#parts;
    const size = jsonBytes(data);
    if (size > this.#options.maxDataBytes) {
      throw new PeerCloudError(
        'DATA_TOO_LARGE',
        `data of ${size} bytes as JSON: ${this.#options.maxDataBytes} at most, since every peer keeps it`,
      );
    }
    ctx.self.setData(data);
    spreader.self(!teller.isDirect);
    const body: JsonObject = {
      id: this.id,
      data,
      incarnation: ctx.self.incarnation,
    };
    const told = await Promise.all(
      teller.audience().map((member) => teller.updated(member, body)),
    );
    if (told.includes(false)) {
      spreader.self();
    }
  }

  /** Says goodbye to all others; from then on the list is empty. */
  leave(): Promise<void> {
    return this.#departure.leave();
  }

  /**
   * Ends at once the members that may not stay, with their streams. Nobody is told: each peer judges for
   * itself, and where such a one is still trusted, it still answers.
   */
  expel(mayStay: (id: string) => boolean): void {
    const { list, self } = this.#parts.ctx;
    for (const { id, incarnation } of list.records()) {
      if (mayStay(id)) {
        continue;
      }
      list.accuse(
        { id, incarnation, state: 'dead' },
        { origin: 'check', from: self.id, quiet: true },
      );
    }
  }

  /** Drops timers and gives up what is under way. */
  stop(): void {
    const { ctx, gossiper, synchronizer, detector, joiner } = this.#parts;
    ctx.life.stop();
    ctx.calls.stop();
    gossiper.stop();
    synchronizer.stop();
    detector.stop();
    joiner.stop();
  }

  /** One period of failure detection, healing and care for legacy members. */
  async tick(): Promise<void> {
    const { ctx, stalls, detector, hearsayCheck, healer, legacyCare } =
      this.#parts;
    if (!ctx.life.active || !ctx.life.started) {
      return;
    }
    stalls.tickBegins();
    legacyCare.tick();
    void healer.tick();
    hearsayCheck.tick();
    await detector.tick();
    stalls.tickEnded();
  }

  /** Checks one member now; default: the next one of the round. */
  check(
    id?: string,
  ): Promise<{ id: string; online: boolean; status?: PeerStatus }> {
    return this.#parts.detector.check(id);
  }

  /** The member that a request comes from; waits a moment while its standing is being found out. */
  admit(senderId: string | undefined): Promise<Member | undefined> {
    return this.#requests.admit(senderId);
  }

  /** Answers `/join`. */
  receiveJoin(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    return this.#parts.joinReceiver.receive(request, origin);
  }

  /** Answers `/joined`. */
  async receiveJoined(
    peer: PeerInfo,
    sender: Member,
  ): Promise<{ status: 'added' }> {
    this.#requests.joined(peer, sender);
    return { status: 'added' };
  }

  /** Answers `/left`. */
  async receiveLeft(
    request: LeftRequest,
    sender: Member,
  ): Promise<{ status: 'removed' }> {
    this.#requests.left(request, sender);
    return { status: 'removed' };
  }

  /** Answers `/update`. Throws a ForeignUpdateError if it is not about the sender itself. */
  async receiveUpdate(
    request: UpdateRequest,
    sender: Member,
  ): Promise<{ status: 'updated' }> {
    this.#requests.update(request, sender);
    return { status: 'updated' };
  }

  /** Answers `/status`; whoever is not a member gets no extension part. */
  receiveStatus(body: JsonObject, origin: RequestOrigin): Promise<PeerStatus> {
    return this.#parts.answerer.receive(body, origin);
  }

  /** Answers `/sync`. */
  async receiveSync(body: JsonObject, sender: Member): Promise<JsonObject> {
    return this.#requests.sync(body, sender);
  }

  /** A member answered something that this peer sent: a sign of life. */
  noteAlive(id: string): void {
    this.#parts.detector.heard(id);
  }

  /** A peer answered 403 `UNKNOWN_SENDER` to a message: it is asked again, and joined again if it is true. */
  noteUnknownSender(id: string): void {
    this.#parts.recovery.stranger(id);
  }
}
