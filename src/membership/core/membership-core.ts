import { FEATURES } from '../../wire/features.js';
import type { JsonObject } from '../../wire/json.js';
import type { PeerAddress, PeerInfo } from '../../wire/peer-info.js';
import type {
  JoinAccepted,
  JoinAnswer,
  JoinRequest,
  LeftRequest,
  PeerStatus,
  UpdateRequest,
} from '../../wire/requests.js';
import { ForeignUpdateError } from './foreign-update.error.js';
import { MemberList } from './member-list.js';
import {
  changeRecord,
  makeRecord,
  toPeerInfo,
  type MemberRecord,
} from './member-record.js';
import type { ResolvedMembershipOptions } from './membership.options.js';
import type {
  Member,
  MembershipEnvironment,
  MembershipEvent,
  RequestOrigin,
  SelfDescription,
} from './membership.types.js';
import { Tombstones } from './tombstones.js';

/** Who is in the cloud, and this peer's own part in it, without a framework. */
export class MembershipCore {
  #self: MemberRecord;
  #leaving = false;
  #stopped = false;
  #next = 0;
  readonly #list: MemberList;
  readonly #listeners: ((event: MembershipEvent) => void)[] = [];
  #joined!: () => void;
  readonly #whenJoined = new Promise<void>(
    (resolve) => (this.#joined = resolve),
  );

  constructor(
    self: SelfDescription,
    private readonly options: ResolvedMembershipOptions,
    private readonly env: MembershipEnvironment,
  ) {
    this.#self = makeRecord(
      {
        ...self,
        ip: self.ip ?? '',
        port: 0,
        features: FEATURES,
        incarnation: env.clock.now(),
      },
      'alive',
    );
    this.#list = new MemberList(
      new Tombstones(env.clock, options.deadMemoryHours * 3_600_000),
      options.maxPeers,
    );
    this.#list.onChange((change) => {
      if (change.kind === 'added')
        this.#emit({ type: 'peer.joined', member: change.member });
      else if (change.kind === 'removed')
        this.#emit({
          type: 'peer.left',
          member: change.previous,
          reason: change.reason,
        });
      else
        this.#emit({
          type: 'peer.updated',
          member: change.member,
          previous: change.previous,
        });
    });
  }

  get id(): string {
    return this.#self.id;
  }

  get self(): Member {
    return this.#self;
  }

  get isJoined(): boolean {
    return this.#list.size > 0;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  members(): readonly Member[] {
    return this.#list.members();
  }

  get(id: string): Member | undefined {
    return this.#list.get(id);
  }

  onEvent(listener: (event: MembershipEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      const index = this.#listeners.indexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
  }

  start({ port }: { port: number }): void {
    this.#self = changeRecord(this.#self, { port });
    void this.#rounds();
  }

  async #rounds(): Promise<void> {
    for (
      let wait = this.options.joinRetryMin;
      !this.#stopped;
      wait = Math.min(wait * 2, this.options.joinRetryMax)
    ) {
      const joined = await this.join();
      this.#joined();
      if (joined || this.options.seeds.length === 0 || this.isJoined) return;
      await new Promise<void>((resolve) =>
        this.env.clock.setTimeout(resolve, wait),
      );
    }
  }

  async join(
    seeds: readonly PeerAddress[] = this.options.seeds,
  ): Promise<boolean> {
    for (const seed of seeds) {
      for (const ip of await this.env
        .resolve(seed.ip)
        .catch((): string[] => [])) {
        if (ip === this.#self.ip && seed.port === this.#self.port) continue;
        const { id, port, data, features, incarnation } = this.#self;
        const body = {
          id,
          ip: this.#self.ip || null,
          port,
          data,
          features: [...features],
          incarnation,
        };
        const answer = await this.env.transport
          .request({ ip, port: seed.port }, 'join', body, {
            timeout: this.options.joinTimeout,
          })
          .catch(() => undefined);
        const accepted = answer?.body as unknown as JoinAccepted | undefined;
        if (accepted?.status !== 'joined') continue;
        this.#self = changeRecord(this.#self, {
          id: accepted.id,
          ip: accepted.ip ?? this.#self.ip,
        });
        const { ip: ownIp, ...receiver } = accepted.self;
        this.#take({ port: seed.port, ...receiver, ip: ownIp || ip });
        accepted.peers.forEach((peer) => this.#take(peer));
        return true;
      }
    }
    return false;
  }

  whenJoined(): Promise<void> {
    return this.#whenJoined;
  }

  async update(data: JsonObject): Promise<void> {
    this.#self = changeRecord(this.#self, {
      data,
      incarnation: this.#self.incarnation + 1,
    });
    await this.#tellAll('update', {
      id: this.id,
      data,
      incarnation: this.#self.incarnation,
    });
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#tellAll('left', { id: this.id });
    this.#emit({ type: 'cloud.left' });
  }

  stop(): void {
    this.#stopped = true;
    this.#joined();
  }

  async tick(): Promise<void> {
    await this.check();
  }

  async check(
    id?: string,
  ): Promise<{ id: string; online: boolean; status?: PeerStatus }> {
    const members = this.#list.members();
    const member =
      id === undefined
        ? members[this.#next++ % members.length]
        : this.#list.get(id);
    if (!member) return { id: id ?? '', online: false };
    const answer = await this.env.transport
      .request(member, 'status', {}, { timeout: this.options.requestTimeout })
      .catch(() => undefined);
    const status = answer?.body as unknown as PeerStatus | undefined;
    if (!status || (status.id !== undefined && status.id !== member.id)) {
      this.#list.accuse(
        { id: member.id, incarnation: member.incarnation, state: 'dead' },
        { origin: 'check' },
      );
      await this.#tellAll('left', { id: member.id });
      return { id: member.id, online: false };
    }
    return { id: member.id, online: true, status };
  }

  async admit(senderId: string | undefined): Promise<Member | undefined> {
    return senderId === undefined ? undefined : this.#list.get(senderId);
  }

  async receiveJoin(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    if (this.#leaving)
      return {
        status: 'rejected',
        error: { code: 'LEAVING', message: 'leaving' },
      };
    const ip = request.ip ?? origin.remoteAddress;
    const port = request.port ?? 9338;
    const id = request.id ?? this.env.random.uuid();
    if (id === this.id)
      return {
        status: 'rejected',
        error: { code: 'ID_TAKEN', message: 'taken' },
      };
    const check = await this.env.transport
      .request({ ip, port }, 'status', {}, { timeout: 500 })
      .catch(() => undefined);
    if (!check)
      return {
        status: 'rejected',
        error: { code: 'CHECK_FAILED', message: 'unreachable' },
      };
    const joiner: PeerInfo = {
      ...request,
      id,
      ip,
      port,
      data: request.data ?? {},
    };
    await this.#tellAll('joined', {
      ...toPeerInfo(joiner),
    } as unknown as JsonObject);
    const peers = this.#list
      .members()
      .filter((peer) => peer.id !== id)
      .map(toPeerInfo);
    this.#take(joiner);
    return {
      status: 'joined',
      id,
      ip,
      port,
      self: toPeerInfo(this.#self),
      peers,
    };
  }

  async receiveJoined(
    peer: PeerInfo,
    _sender: Member,
  ): Promise<{ status: 'added' }> {
    this.#take(peer);
    return { status: 'added' };
  }

  async receiveLeft(
    { id }: LeftRequest,
    _sender: Member,
  ): Promise<{ status: 'removed' }> {
    const known = this.#list.peek(id);
    if (known)
      this.#list.accuse(
        { id, incarnation: known.incarnation, state: 'left' },
        { origin: 'left' },
      );
    return { status: 'removed' };
  }

  async receiveUpdate(
    request: UpdateRequest,
    sender: Member,
  ): Promise<{ status: 'updated' }> {
    if (request.id !== sender.id)
      throw new ForeignUpdateError(sender.id, request.id);
    const known = this.#list.peek(sender.id);
    if (known) {
      const incarnation = request.incarnation ?? known.incarnation + 1;
      this.#list.apply(
        changeRecord(known, { data: request.data, incarnation }),
        { origin: 'update' },
      );
    }
    return { status: 'updated' };
  }

  async receiveStatus(
    _body: JsonObject,
    _origin: RequestOrigin,
  ): Promise<PeerStatus> {
    return {
      id: this.id,
      online: !this.#leaving,
      listening: true,
      joined: this.isJoined,
      features: this.#self.features,
      incarnation: this.#self.incarnation,
    };
  }

  async receiveSync(_body: JsonObject, _sender: Member): Promise<JsonObject> {
    return {
      members: this.#list
        .members()
        .map((member) => ({ ...toPeerInfo(member) }) as unknown as JsonObject),
    };
  }

  noteAlive(_id: string): void {}

  noteUnknownSender(_id: string): void {}

  #take(info: PeerInfo): void {
    if (info.id !== this.id)
      this.#list.apply(makeRecord(info, 'alive'), { origin: 'answer' });
  }

  async #tellAll(
    endpoint: 'joined' | 'left' | 'update',
    body: JsonObject,
  ): Promise<void> {
    await Promise.allSettled(
      this.#list
        .members()
        .map((member) =>
          this.env.transport.request(member, endpoint, body, {
            timeout: this.options.requestTimeout,
          }),
        ),
    );
  }

  #emit(event: MembershipEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
