import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  ValueType,
  type BatchObservableCallback,
  type Meter,
} from '@opentelemetry/api';
import type { Observable } from 'rxjs';
import type {
  MembershipService,
  MessagingService,
  PeerState,
  ProbeNotice,
  RefusedJoin,
  RefusedRequest,
} from '../../index.js';
import type { JobEvent } from '../schedule/index.js';
import { BoundedNames } from './bounded-names.js';
import { ATTRIBUTE } from './conventions.js';

/** Upper bounds in seconds: within one network, and what a check may take at last. */
const PROBE_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const JOB_SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600];

/** Members, queues, checks, refusals and jobs of one peer. */
export class CloudMetrics {
  readonly #meter: Meter;
  readonly #membership: MembershipService;
  readonly #messaging: MessagingService;

  constructor(
    meter: Meter,
    membership: MembershipService,
    messaging: MessagingService,
  ) {
    this.#meter = meter;
    this.#membership = membership;
    this.#messaging = messaging;
  }

  /** @returns what ends it */
  start(jobs?: Observable<JobEvent>): () => void {
    const endings = [
      this.#watchState(),
      this.#watchProbes(),
      this.#count<RefusedRequest>(
        'request.refused',
        'Requests that were refused: no good signature, or an address that is not allowed.',
        ({ reason }) => reason,
      ),
      this.#count<RefusedJoin>(
        'join.refused',
        'Joins that were refused.',
        ({ code }) => code,
      ),
      this.#watchJobs(jobs),
    ];
    return () => endings.forEach((end) => end());
  }

  /** What is looked at when it is exported. */
  #watchState(): () => void {
    const members = this.#meter.createObservableUpDownCounter(
      'peercloud.members',
      {
        description:
          'Members of the cloud as this peer sees it, itself included.',
        unit: '{member}',
        valueType: ValueType.INT,
      },
    );
    const waiting = this.#meter.createObservableUpDownCounter(
      'peercloud.messages.waiting',
      {
        description: 'Messages that wait until they can be sent.',
        unit: '{message}',
        valueType: ValueType.INT,
      },
    );
    const look: BatchObservableCallback = (result) => {
      const counts: Record<PeerState, number> = { alive: 1, suspect: 0 };
      for (const { state } of this.#membership.peers()) {
        counts[state]++;
      }
      for (const [state, count] of Object.entries(counts)) {
        result.observe(members, count, { [ATTRIBUTE.state]: state });
      }
      result.observe(waiting, this.#messaging.waiting);
    };
    this.#meter.addBatchObservableCallback(look, [members, waiting]);
    return () =>
      this.#meter.removeBatchObservableCallback(look, [members, waiting]);
  }

  #watchProbes(): () => void {
    const durations = this.#meter.createHistogram('peercloud.probe.duration', {
      description: 'How long members took to answer when they were checked.',
      unit: 's',
      advice: { explicitBucketBoundaries: PROBE_SECONDS },
    });
    return this.#listen<ProbeNotice>('probe.settled', ({ duration, outcome }) =>
      durations.record(duration / 1000, { [ATTRIBUTE.outcome]: outcome }),
    );
  }

  /** Counts what a channel tells of, by reason. */
  #count<T extends { self: string }>(
    channel: string,
    description: string,
    reasonOf: (notice: T) => string,
  ): () => void {
    const [what, event] = channel.split('.') as [string, string];
    const counter = this.#meter.createCounter(`peercloud.${what}s.${event}`, {
      description,
      unit: `{${what}}`,
      valueType: ValueType.INT,
    });
    const reasons = new BoundedNames();
    return this.#listen<T>(channel, (notice) =>
      counter.add(1, { [ATTRIBUTE.reason]: reasons.of(reasonOf(notice)) }),
    );
  }

  #watchJobs(jobs: Observable<JobEvent> | undefined): () => void {
    if (!jobs) {
      return () => undefined;
    }
    const events = this.#meter.createCounter('peercloud.job.events', {
      description: 'What happened to jobs on this peer.',
      unit: '{event}',
      valueType: ValueType.INT,
    });
    const durations = this.#meter.createHistogram('peercloud.job.duration', {
      description: 'How long runs of jobs took.',
      unit: 's',
      advice: { explicitBucketBoundaries: JOB_SECONDS },
    });
    const subscription = jobs.subscribe((event) => {
      const job = { [ATTRIBUTE.job]: event.job };
      const happened = { ...job, [ATTRIBUTE.event]: nameOf(event) };
      events.add(1, {
        ...happened,
        ...(event.type === 'job.skipped' && {
          [ATTRIBUTE.reason]: event.reason,
        }),
      });
      if (event.type === 'job.finished') {
        durations.record(event.duration / 1000, happened);
      }
    });
    return () => subscription.unsubscribe();
  }

  /** Hears of this peer: a process can have several. */
  #listen<T extends { self: string }>(
    name: string,
    listener: (notice: T) => void,
  ): () => void {
    const channel = `peercloud:${name}`;
    const hear = (message: unknown) => {
      const notice = message as T;
      if (notice.self === this.#membership.self.id) {
        listener(notice);
      }
    };
    subscribe(channel, hear);
    return () => void unsubscribe(channel, hear);
  }
}

/** `started`, `done`, `failed`, `taken-over` or `skipped`. */
function nameOf(event: JobEvent): string {
  if (event.type === 'job.finished') {
    return event.error === undefined ? 'done' : 'failed';
  }
  return event.type.slice('job.'.length);
}
