import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import type { PeerSeed } from '../../options/peer-list.js';
import { TokenBuckets } from '../../util/token-buckets.js';
import { FEATURES } from '../../wire/endpoints.js';
import { type JsonObject, jsonBytes } from '../../wire/json.js';
import type {
  PeerInfo,
  JoinAnswer,
  JoinRequest,
  LeftRequest,
  PeerStatus,
  UpdateRequest,
} from '../../wire/bodies.js';
import { sleep } from './context.js';
import { stateUpdate } from './dissemination/index.js';
import type { Recovery } from './join/index.js';
import {
  changeRecord,
  isCredibleIncarnation,
  isLegacy,
} from './member-list/index.js';
import type {
  Member,
  MembershipEnvironment,
  MembershipEvent,
  RequestOrigin,
  SelfDescription,
} from './membership.types.js';
import {
  ADMISSION_WAIT,
  MAX_REPORTERS,
  type ResolvedMembershipOptions,
} from './options/membership.options.js';
import type { StatusSockets } from './status/index.js';
import { wire, type CoreParts } from './wiring.js';

/**
 * Who is in the cloud, and this peer's own part in it: the one class of this folder that others use.
 * It knows no framework and touches no network, clock or chance but what it is given.
 */
export class MembershipCore {
  readonly #parts: CoreParts;
  /** `/left` about third members, from each member. */
  readonly #reports: TokenBuckets;
  #left = Promise.resolve();

  readonly #options: ResolvedMembershipOptions;

  constructor(
    self: SelfDescription,
    options: ResolvedMembershipOptions,
    env: MembershipEnvironment,
  ) {
    this.#options = options;
    this.#parts = wire(self, options, env);
    this.#reports = new TokenBuckets(options.limits.reportsPerMinute, {
      now: () => env.clock.monotonic(),
      maxKeys: MAX_REPORTERS,
    });
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

  /** How this peer gets into its cloud, or back in. */
  get recovery(): Pick<Recovery, 'isRunning' | 'whenBack'> {
    return this.#parts.recovery;
  }

  /** True from the moment on in which this peer begins to leave. */
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

  /** True for one that has left by its own word, for as long as that is remembered (10 minutes). */
  hasLeft(id: string): boolean {
    return this.#parts.ctx.list.tombstones.get(id)?.state === 'left';
  }

  /** Hears everything that happens to the cloud. Returns the way to stop. */
  onEvent(listener: (event: MembershipEvent) => void): () => void {
    return this.#parts.publisher.listen(listener);
  }

  /** Members are asked for `/status` over these sockets from now on, where one is open. */
  askOver(sockets: StatusSockets): void {
    this.#parts.caller.sockets = sockets;
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
   * @param seeds default: those of the options
   * @returns true if one of them let this peer in
   */
  async join(
    seeds: readonly PeerSeed[] = this.#options.seeds,
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

  /** Resolves when the seeds have been tried once: member, or first of a new cloud. */
  whenJoined(): Promise<void> {
    return this.#parts.joiner.whenJoined();
  }

  /**
   * Replaces the own data here and at all others.
   * @throws PeerCloudError with the code `DATA_TOO_LARGE`
   */
  async update(data: JsonObject): Promise<void> {
    const { ctx, notifier, gossiper } = this.#parts;
    const size = jsonBytes(data);
    if (size > this.#options.maxDataBytes) {
      throw new PeerCloudError(
        'DATA_TOO_LARGE',
        `data of ${size} bytes as JSON: ${this.#options.maxDataBytes} at most, since every peer keeps it`,
      );
    }
    ctx.self.setData(data);
    gossiper.self(!notifier.isDirect);
    const body = { id: this.id, data, incarnation: ctx.self.incarnation };
    const notified = await Promise.all(
      notifier.recipients().map((member) => notifier.updated(member, body)),
    );
    if (notified.includes(false)) {
      gossiper.self();
    }
  }

  /**
   * Advertises these features beside those of the core, here and at all others. The news goes by gossip:
   * it has the whole record, which `/update` has not.
   */
  advertise(features: readonly string[]): void {
    const { ctx, gossiper } = this.#parts;
    ctx.self.setFeatures([...FEATURES, ...features]);
    gossiper.self();
  }

  /**
   * Takes this peer out of its cloud (PROTOCOL.md, section 3); from then on the list is empty. Resolves when
   * all others have heard of it, or had their time; once, however often it is called.
   */
  leave(): Promise<void> {
    const { life } = this.#parts.ctx;
    if (!life.leaving) {
      life.leaving = true;
      this.#left = this.#leave();
    }
    return this.#left;
  }

  /**
   * Ends at once the members that may not stay, with their streams. Nobody is notified: each peer judges for
   * itself, and where such a member is still trusted, it still answers.
   */
  expel(mayStay: (id: string) => boolean): void {
    const { list, self } = this.#parts.ctx;
    for (const { id, incarnation } of list.records()) {
      if (!mayStay(id)) {
        list.applyState(
          { id, incarnation, state: 'dead' },
          { origin: 'check', from: self.id, quiet: true },
        );
      }
    }
  }

  /** Drops timers and gives up what is under way. */
  stop(): void {
    const { ctx, gossiper, synchronizer, detector, joiner } = this.#parts;
    this.#parts.refutation.stop();
    ctx.life.stop();
    ctx.calls.stop();
    gossiper.stop();
    synchronizer.stop();
    detector.stop();
    joiner.stop();
  }

  /** One period of failure detection, healing and care for legacy members. */
  async tick(): Promise<void> {
    const { ctx, stalls, detector, healer, recovery, legacyCare } = this.#parts;
    if (!ctx.life.active || !ctx.life.started) {
      return;
    }
    stalls.tickBegins();
    recovery.checkClock();
    legacyCare.tick();
    void healer.tick();
    await detector.tick();
    stalls.tickEnded();
  }

  /** Checks one member now; default: the next one of the round. */
  check(id?: string): ReturnType<CoreParts['detector']['check']> {
    return this.#parts.detector.check(id);
  }

  /**
   * The member that a request comes from; waits a moment while its standing is being found out
   * (PROTOCOL.md, section 1, identity).
   */
  async admit(senderId: string | undefined): Promise<Member | undefined> {
    if (senderId === undefined) {
      return undefined;
    }
    const { ctx, joiner, verifier } = this.#parts;
    const known = ctx.list.get(senderId);
    if (known) {
      return known;
    }
    const doubtful = ctx.list.isHidden(senderId);
    if (!doubtful && !joiner.isBusy) {
      return undefined;
    }
    const settled = doubtful ? verifier.settled(senderId) : joiner.whenIdle();
    await Promise.race([settled, sleep(ctx, ADMISSION_WAIT)]);
    return ctx.list.get(senderId);
  }

  /** Answers `/join`. */
  receiveJoin(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    this.#reachedBy(request.id);
    return this.#parts.joinReceiver.receive(request, origin);
  }

  /** Answers `/joined`. What a legacy peer says about the extensions of a third one does not count. */
  async receiveJoined(
    peer: PeerInfo,
    sender: Member,
  ): Promise<{ status: 'added' }> {
    this.#reachedBy(sender.id);
    if (peer.id !== this.id) {
      this.#parts.intake.record(
        peer,
        { origin: 'joined', from: sender.id, legacyNotified: true },
        isLegacy(sender) && peer.id !== sender.id,
      );
    }
    return { status: 'added' };
  }

  /**
   * Answers `/left`. It is final from the member itself; from others it is obeyed at once and then verified,
   * as often as one reporter may make this peer do so.
   */
  async receiveLeft(
    { id }: LeftRequest,
    sender: Member,
  ): Promise<{ status: 'removed' }> {
    this.#reachedBy(sender.id);
    const { ctx, recovery } = this.#parts;
    if (id === this.id) {
      recovery.evictedBy(sender);
    } else if (id === sender.id) {
      const { incarnation } = ctx.list.peek(id) ?? sender;
      ctx.list.applyState(
        { id, incarnation, state: 'left' },
        { origin: 'left', from: id },
      );
    } else {
      this.#verifyLeft(id, sender);
    }
    return { status: 'removed' };
  }

  /**
   * Answers `/update`: a peer replaces its own data, nobody else's.
   * @throws PeerCloudError with the code `NOT_YOURS` if it is not about the sender itself
   */
  async receiveUpdate(
    request: UpdateRequest,
    sender: Member,
  ): Promise<{ status: 'updated' }> {
    this.#reachedBy(sender.id);
    if (request.id !== sender.id) {
      throw new PeerCloudError(
        'NOT_YOURS',
        `${sender.id} may replace its own data only, not that of ${request.id}`,
      );
    }
    this.#applyUpdate(request);
    return { status: 'updated' };
  }

  /** Answers `/status`; a peer that is no member gets no extension part. */
  receiveStatus(body: JsonObject, origin: RequestOrigin): Promise<PeerStatus> {
    this.#reachedBy(origin.senderId);
    return this.#parts.answerer.receive(body, origin);
  }

  /** Answers `/sync`. */
  async receiveSync(body: JsonObject, sender: Member): Promise<JsonObject> {
    this.#reachedBy(sender.id);
    const { ctx, synchronizer } = this.#parts;
    const known = ctx.list.peek(sender.id);
    return known ? synchronizer.receive(body, known) : {};
  }

  /** A member answered something that this peer sent: a sign of life. */
  noteAlive(id: string): void {
    this.#parts.detector.heard(id);
  }

  /** A peer answered 403 `UNKNOWN_SENDER` to a message: it is asked again, and joined again if it is true. */
  noteUnknownSender(id: string): void {
    this.#parts.recovery.unknownTo(id);
  }

  /** Another peer's request has arrived: this one is not out of reach. */
  #reachedBy(senderId: string | undefined): void {
    if (senderId !== undefined && senderId !== this.id) {
      this.#parts.ctx.events.emit('self.reached');
    }
  }

  async #leave(): Promise<void> {
    const { ctx, notifier, publisher, gossiper, synchronizer } = this.#parts;
    const { detector, joiner, ring } = this.#parts;
    const { list, self, env, options } = ctx;
    gossiper.stop();
    synchronizer.stop();
    detector.stop();
    joiner.addresses.giveUp();
    env.logger.debug(`Leaving: notifying ${list.size} members`);
    const notified = [...list.records()].map((member) =>
      notifier.left(member, self.id),
    );
    // A receiver that lets this peer in at this moment does not know yet that it leaves.
    if (notified.length > 0 || joiner.isBusy) {
      const patience = sleep(ctx, 2 * options.requestTimeout);
      const everybody = Promise.all([...notified, joiner.whenIdle()]);
      await Promise.race([everybody, patience]);
    }
    env.logger.debug('Left: all members have heard of it, or had their time');
    list.clear();
    ring.clear();
    publisher.left();
  }

  #verifyLeft(id: string, sender: Member): void {
    const { ctx, verifier, legacyCare } = this.#parts;
    legacyCare.leftReported(sender, id);
    if (!ctx.list.peek(id) || !this.#reports.take(sender.id)) {
      return;
    }
    verifier.left(id, (isAlive) => {
      if (isAlive) {
        this.#letContradict(id, sender);
        legacyCare.leftWrongly(sender.id, id);
      }
    });
  }

  /** The member that was said to have left hears of it, so that it can contradict to everybody. */
  #letContradict(id: string, sender: Member): void {
    const { ctx, caller } = this.#parts;
    const member = ctx.list.peek(id);
    if (!member || isLegacy(member) || isLegacy(sender)) {
      return;
    }
    void caller.ask(member, ctx.options.requestTimeout, undefined, [
      stateUpdate({ id, incarnation: member.incarnation, state: 'dead' }),
    ]);
  }

  #applyUpdate({ id, data, incarnation }: UpdateRequest): void {
    const { ctx, caller, detector } = this.#parts;
    const { list, env, options } = ctx;
    const known = list.peek(id);
    if (!known) {
      return;
    }
    if (env.verifyRecord && !isLegacy(known)) {
      // This request has no signature of the record; the member's own record in its next answer has.
      void caller.ask(known, options.requestTimeout);
      return;
    }
    // A legacy peer counts nothing; everybody that it notifies counts the same way.
    const version = incarnation ?? known.incarnation + 1;
    if (!isCredibleIncarnation(version, env.clock, 'ownWord')) {
      return;
    }
    const record = changeRecord(known, {
      data,
      incarnation: version,
      state: 'alive',
    });
    const source = {
      origin: 'update',
      from: id,
      legacyNotified: true,
    } as const;
    list.apply(detector.weigh(record, source), source);
  }
}
