import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type InjectionToken,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  KeysService,
  MembershipService,
  MessagingService,
  PEER_CLOUD_OPTIONS,
  type PeerCloudEvent,
  type ResolvedPeerCloudOptions,
} from '../../index.js';
import { CloudPeers } from './cloud-peers.js';
import type { Scheduler } from './core/scheduler.js';
import { JobExplorer, type FoundOnceJob } from './job.explorer.js';
import { ScheduleError } from './schedule.error.js';
import { noPeerCloud, notStopped } from './schedule.messages.js';
import type { ResolvedPeerScheduleOptions } from './schedule.options.js';
import { ScheduleService } from './schedule.service.js';
import { PEER_SCHEDULE_OPTIONS } from './schedule.tokens.js';

/** Where schedulers speak with each other. */
const CHANNEL = 'nestjs-peercloud/schedule';

/** When a scheduler begins to take part, and how it hands over before the peer leaves. */
@Injectable()
export class ScheduleLifecycle
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy
{
  readonly #logger = new Logger('PeerSchedule');
  readonly #ending = new AbortController();
  readonly #undo: (() => void)[] = [];
  readonly #moduleRef: ModuleRef;
  readonly #explorer: JobExplorer;
  readonly #service: ScheduleService;
  readonly #options: ResolvedPeerScheduleOptions;
  #once: FoundOnceJob[] = [];
  #scheduler: Scheduler | undefined;
  #membership: MembershipService | undefined;
  #cloud: ResolvedPeerCloudOptions | undefined;

  constructor(
    moduleRef: ModuleRef,
    explorer: JobExplorer,
    service: ScheduleService,
    @Inject(PEER_SCHEDULE_OPTIONS) options: ResolvedPeerScheduleOptions,
  ) {
    this.#moduleRef = moduleRef;
    this.#explorer = explorer;
    this.#service = service;
    this.#options = options;
  }

  /** @throws ScheduleError, OptionsError for a job that cannot work */
  onModuleInit(): void {
    const membership = this.#provided(MembershipService);
    const channel = this.#provided(MessagingService).channel(CHANNEL);
    const keys = this.#provided(KeysService);
    const scheduler = this.#service.begin(
      new CloudPeers(membership, keys, channel),
    );
    const { once, singletons } = this.#explorer.explore();
    for (const { job, isDisabled } of once) {
      if (!isDisabled) {
        void scheduler.addOnce(job);
      }
    }
    for (const job of singletons) {
      this.#service.addSingleton(job.name);
      scheduler.addSingleton(job);
    }
    once.forEach((found) => this.#bind(found, scheduler));
    const events = membership.events$.subscribe((event) =>
      tell(scheduler, event),
    );
    const changes = keys.changes$.subscribe(() => scheduler.ranksChanged());
    this.#undo.push(
      channel.handle((body, sender) => scheduler.answer(sender.id, body)),
      () => events.unsubscribe(),
      () => changes.unsubscribe(),
    );
    this.#once = once;
    this.#scheduler = scheduler;
    this.#membership = membership;
    this.#cloud = this.#provided<ResolvedPeerCloudOptions>(PEER_CLOUD_OPTIONS);
  }

  /** @nestjs/schedule has its methods by now: from here on the app's own calls are just calls. */
  onApplicationBootstrap(): void {
    for (const { instance, key, metadata } of this.#once) {
      const { method, scheduled } = metadata;
      if ((instance as Record<string, unknown>)[key] === scheduled) {
        Object.defineProperty(instance, key, {
          value: method,
          configurable: true,
          writable: true,
        });
      }
    }
    // A script on the module of an app that runs elsewhere: its cloud of one is no place for jobs.
    if (this.#cloud!.enabled) {
      void this.#start();
    }
  }

  /** Before the app ends anything that a run may need. */
  async onModuleDestroy(): Promise<void> {
    this.#ending.abort();
    const { handoverTimeout } = this.#options;
    const hurry = new AbortController();
    const timer = setTimeout(() => {
      this.#logger.warn(notStopped(handoverTimeout));
      hurry.abort(new Error(notStopped(handoverTimeout)));
    }, handoverTimeout);
    await this.#scheduler?.end(hurry.signal);
    clearTimeout(timer);
    this.#undo.forEach((undo) => undo());
    this.#service.end();
  }

  #provided<T>(token: InjectionToken<T>): T {
    try {
      return this.#moduleRef.get<T>(token, { strict: false });
    } catch {
      throw new ScheduleError('NO_PEER_CLOUD', noPeerCloud);
    }
  }

  #bind(
    { job, instance, metadata, occurrences, isDisabled }: FoundOnceJob,
    scheduler: Scheduler,
  ): void {
    // Somebody starts its cron job by hand later on, or never.
    let known = isDisabled ? undefined : Promise.resolve();
    metadata.ticks.set(instance, async () => {
      const time = occurrences(Date.now());
      known ??= scheduler.addOnce(job);
      await known;
      await scheduler.tick(job.name, time);
    });
  }

  async #start(): Promise<void> {
    const { signal } = this.#ending;
    try {
      await this.#membership!.whenSettled({ signal });
      const { settleTime } = this.#options;
      await sleep(settleTime, undefined, { signal, ref: false });
    } catch {
      // The app ends before that.
      return;
    }
    await this.#scheduler!.start();
  }
}

function tell(scheduler: Scheduler, event: PeerCloudEvent): void {
  if (event.type === 'peer.joined') {
    scheduler.peerJoined(event.peer.id);
  } else if (event.type === 'peer.left') {
    scheduler.peerLeft(event.peer.id, event.reason !== 'dead');
  }
}
