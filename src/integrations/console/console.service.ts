import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EMPTY, merge, type Observable, type Subscription } from 'rxjs';
import {
  HealthCheckService,
  MembershipService,
  MessageError,
  MessagingService,
  type Peer,
  type PeerChannel,
} from '../../index.js';
import type { JobEvent, ScheduleService } from '../schedule/index.js';
import { loopbackOnly } from './console.messages.js';
import type { ResolvedConsoleOptions } from './console.options.js';
import type {
  CloudView,
  ConsoleEvent,
  MemberView,
  PeerReport,
} from './console.types.js';
import { EventJournal } from './event-journal.js';
import { MessageMeter } from './message-meter.js';
import { isReport } from './report-check.js';
import { RoundTripTimes } from './round-trip-times.js';

/** ConsoleService once more, for who finds it without importing this folder: what answers the command. */
export const CONSOLE = Symbol.for('nestjs-peercloud:console');

export const CONSOLE_OPTIONS = Symbol('CONSOLE_OPTIONS');

/** PeerScheduleModule provides its ScheduleService under this too, so that it is found without being imported. */
const SCHEDULE = Symbol.for('nestjs-peercloud:schedule');

/** Ms that a peer has for its report. */
const PATIENCE = 1000;

/** Ms for which a view holds: more viewers do not ask the cloud more often. */
const FRESH = 500;

/** Knows what the console shows: asks all peers, and keeps what has happened. */
@Injectable()
export class ConsoleService
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  readonly #logger = new Logger('PeerCloudConsole');
  readonly #journal = new EventJournal();
  readonly #times = new RoundTripTimes();
  readonly #meter: MessageMeter;
  readonly #channel: PeerChannel;
  #events: Subscription | undefined;
  #view: { at: number; view: Promise<CloudView> } | undefined;

  readonly #membership: MembershipService;
  readonly #health: HealthCheckService;
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedConsoleOptions;

  constructor(
    membership: MembershipService,
    messaging: MessagingService,
    health: HealthCheckService,
    moduleRef: ModuleRef,
    @Inject(CONSOLE_OPTIONS) options: ResolvedConsoleOptions,
  ) {
    this.#membership = membership;
    this.#health = health;
    this.#moduleRef = moduleRef;
    this.#options = options;
    this.#channel = messaging.channel('console');
    this.#meter = new MessageMeter(() => membership.self.id);
  }

  onApplicationBootstrap(): void {
    if (this.#options.guards.length === 0) {
      this.#logger.warn(loopbackOnly(this.#options.path));
    }
    this.#channel.handle((body) =>
      this.#report((body as unknown as Partial<Question> | null)?.list),
    );
    this.#meter.start();
    const jobs: Observable<JobEvent> = this.#schedule?.events$ ?? EMPTY;
    this.#events = merge(this.#membership.events$, jobs).subscribe((event) =>
      this.#journal.add(event),
    );
  }

  onApplicationShutdown(): void {
    this.#meter.stop();
    this.#events?.unsubscribe();
    this.#journal.end();
  }

  /** The whole cloud; peers that do not answer within a second are there without a report. */
  view(): Promise<CloudView> {
    const now = performance.now();
    if (!this.#view || now - this.#view.at > FRESH) {
      this.#view = { at: now, view: this.#look() };
    }
    return this.#view.view;
  }

  /** Events after the one with this number, as they come. */
  events(after: number): Observable<ConsoleEvent> {
    return this.#journal.stream(after);
  }

  /** Has a member checked now; undefined if there is none of that id. */
  async check(id: string): Promise<{ online: boolean } | undefined> {
    const peer = this.#membership.get(id);
    if (!peer) {
      return undefined;
    }
    const { online } = await this.#health.check(peer);
    return { online };
  }

  async #look(): Promise<CloudView> {
    const { self } = this.#membership;
    const list = this.#list();
    const peers = this.#membership.peers();
    this.#times.keepOnly(new Set(peers.map(({ id }) => id)));
    const [members, jobs] = await Promise.all([
      Promise.all(peers.map((peer) => this.#ask(peer, { list }))),
      this.#schedule?.jobs().catch(() => []) ?? [],
    ]);
    const own = { ...describe(self), isSelf: true, report: this.#report(list) };
    return { at: new Date(), self: self.id, members: [own, ...members], jobs };
  }

  async #ask(peer: Peer, question: Question): Promise<MemberView> {
    const start = performance.now();
    const view = describe(peer);
    try {
      const options = { timeout: PATIENCE };
      const report = await this.#channel.send(peer, question, options);
      this.#times.add(peer.id, performance.now() - start);
      view.roundTrip = this.#times.of(peer.id);
      view.lane = peer.lane;
      if (report === undefined) {
        view.silence = 'it has no console';
      } else if (isReport(report)) {
        view.report = report;
      } else {
        view.silence = 'its report cannot be read';
      }
    } catch (error) {
      view.silence = error instanceof MessageError ? error.code : 'failed';
    }
    return view;
  }

  #report(otherList: string | undefined): PeerReport {
    const peers = this.#membership.peers();
    const list = this.#list();
    return {
      version: VERSION,
      appVersion: this.#options.version,
      node: process.version,
      uptime: Math.round(process.uptime()),
      memory: process.memoryUsage.rss(),
      list,
      suspects: peers
        .filter(({ state }) => state === 'suspect')
        .map(({ id }) => id),
      members: list === otherList ? undefined : peers.map(({ id }) => id),
      rates: this.#meter.read(),
    };
  }

  /** The same at two peers whose lists have the same ids on them. */
  #list(): string {
    const { self } = this.#membership;
    const ids = [self, ...this.#membership.peers()].map(({ id }) => id).sort();
    const hash = createHash('sha256').update(JSON.stringify(ids));
    return hash.digest('base64url').slice(0, 12);
  }

  get #schedule(): ScheduleService | undefined {
    try {
      return this.#moduleRef.get<ScheduleService>(SCHEDULE, { strict: false });
    } catch {
      return undefined;
    }
  }
}

/** What a peer is asked: the list of the one that asks. */
interface Question {
  list: string;
}

const { version: VERSION } = createRequire(import.meta.url)(
  'nestjs-peercloud/package.json',
) as { version: string };

function describe(peer: Peer): MemberView {
  const { name } = peer.data;
  return {
    ...peer.toJSON(),
    features: [...peer.features],
    name: typeof name === 'string' ? name : undefined,
    isSelf: false,
    report: undefined,
    silence: undefined,
    lane: peer.lane,
    roundTrip: undefined,
  };
}
