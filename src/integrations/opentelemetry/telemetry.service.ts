import { createRequire } from 'node:module';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  createNoopMeter,
  metrics,
  ProxyTracerProvider,
  trace,
} from '@opentelemetry/api';
import {
  MembershipService,
  MessagingService,
  PeerCloudError,
} from '../../index.js';
import type { ScheduleService } from '../schedule/index.js';
import { CloudMetrics } from './cloud-metrics.js';
import { MessageMetrics } from './message-metrics.js';
import { MessageSpans } from './message-spans.js';
import { noPeerCloud, noSdk } from './telemetry.messages.js';

/** What spans and metrics say they are from. */
const SCOPE = 'nestjs-peercloud';

/** PeerScheduleModule provides its ScheduleService under this too, so that it is found without being imported. */
const SCHEDULE = Symbol.for('nestjs-peercloud:schedule');

const { version: VERSION } = createRequire(import.meta.url)(
  'nestjs-peercloud/package.json',
) as { version: string };

/** Starts what the registered SDK has a use for, and ends it. */
@Injectable()
export class TelemetryService
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  readonly #logger = new Logger('PeerCloudTelemetry');
  readonly #endings: (() => void)[] = [];
  readonly #moduleRef: ModuleRef;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  /** @throws PeerCloudError (`NO_PEER_CLOUD`) where PeerCloudModule is missing */
  onApplicationBootstrap(): void {
    const messaging = this.#find<MessagingService>(MessagingService);
    const membership = this.#find<MembershipService>(MembershipService);
    if (!messaging || !membership) {
      throw new PeerCloudError('NO_PEER_CLOUD', noPeerCloud);
    }
    const meter = metrics.getMeter(SCOPE, VERSION);
    const measures = meter.constructor !== createNoopMeter().constructor;
    if (measures) {
      const jobs = this.#find<ScheduleService>(SCHEDULE);
      const cloud = new CloudMetrics(meter, membership, messaging);
      const messages = new MessageMetrics(meter);
      this.#endings.push(
        messaging.trace(messages),
        () => messages.stop(),
        cloud.start(jobs?.events$),
      );
    }
    const traces = hasTracerProvider();
    if (traces) {
      const tracer = trace.getTracer(SCOPE, VERSION);
      this.#endings.push(messaging.trace(new MessageSpans(tracer)));
    }
    if (!measures && !traces) {
      this.#logger.debug(noSdk);
    }
  }

  onApplicationShutdown(): void {
    this.#endings.splice(0).forEach((end) => end());
  }

  #find<T>(token: Parameters<ModuleRef['get']>[0]): T | undefined {
    try {
      return this.#moduleRef.get<T>(token, { strict: false });
    } catch {
      return undefined;
    }
  }
}

/** The API hands out a provider in any case; without an SDK it leads nowhere. */
function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return (
    !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegateTracer(SCOPE) !== undefined
  );
}
