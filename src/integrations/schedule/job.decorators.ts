import type { InjectionToken } from '@nestjs/common';
import type { CloudFence } from '../fences/index.js';
import type { PeerRun } from './core/job-runner.js';
import { ScheduleError } from './schedule.error.js';
import { noPeerSchedule } from './schedule.messages.js';

/** What can be said of a job. What is left out is as the module's options say. */
export interface PeerJobOptions {
  /** The same on all peers, and one job each. Default: the cron's or interval's name, else `Class.method`. */
  name?: string | undefined;
  /** Runs only while so many peers take part, this one included. */
  minPeers?: number | undefined;
  /** `skip`: does not run where half of those who took part, or more, went without a word. */
  onMinority?: 'run' | 'skip' | undefined;
  /** A fence of its own, or the injection token of one; `false`: none, although the module has one. */
  fence?: CloudFence | InjectionToken | false | undefined;
}

/** What `@OncePerCloud()` left at a method. */
export interface OnceMetadata {
  options: PeerJobOptions;
  /** The method as it was written. */
  method: (...run: [PeerRun?]) => unknown;
  /** The method as the scheduler calls it. */
  scheduled: object;
  /** What its call is, for each instance that takes part. */
  ticks: WeakMap<object, () => Promise<void>>;
}

// Shared by all copies of the package in a process.
const ONCE = Symbol.for('nestjs-peercloud/schedule:once');
const SINGLETON = Symbol.for('nestjs-peercloud/schedule:singleton');

/**
 * Beside `@Cron()` or `@Interval()`, above or below: the method runs once for each occurrence in the whole
 * cloud, and not once on each peer. It gets a `PeerRun` if it takes an argument.
 *
 * ```ts
 * @OncePerCloud()
 * @Cron('0 3 * * *')
 * async report(run: PeerRun) { … }
 * ```
 *
 * What the application itself calls runs at once and here, as it is written.
 * See docs/jobs.md for what is promised when a peer dies, and for what a fence adds.
 */
export function OncePerCloud(options: PeerJobOptions = {}): MethodDecorator {
  return (_target, key, descriptor) => {
    const method = descriptor.value as unknown as OnceMetadata['method'];
    const metadata: OnceMetadata = {
      options,
      method,
      scheduled,
      ticks: new WeakMap(),
    };
    function scheduled(this: object, ...args: [PeerRun?]): unknown {
      const tick = metadata.ticks.get(this);
      if (tick) {
        return tick();
      }
      if (isTickOfCron(args)) {
        throw new ScheduleError('NO_PEER_SCHEDULE', noPeerSchedule(key));
      }
      return method.apply(this, args);
    }
    Object.defineProperty(scheduled, 'name', { value: key });
    for (const each of Reflect.getMetadataKeys(method) as unknown[]) {
      const value: unknown = Reflect.getMetadata(each, method);
      Reflect.defineMetadata(each, value, scheduled);
    }
    Reflect.defineMetadata(ONCE, metadata, scheduled);
    descriptor.value = scheduled as typeof descriptor.value;
    return descriptor;
  };
}

/**
 * The method runs on one peer at a time, from when this peer is the one until `run.signal` fires: it has
 * to end then. One that ends before, or throws, is called again after 1 s, 2 s, 4 s, up to a minute.
 *
 * ```ts
 * @PeerSingleton()
 * async consume({ signal }: PeerRun) {
 *   for await (const message of this.queue.messages({ signal })) { … }
 * }
 * ```
 */
export function PeerSingleton(options: PeerJobOptions = {}): MethodDecorator {
  return (_target, _key, descriptor) => {
    Reflect.defineMetadata(SINGLETON, options, descriptor.value as object);
  };
}

/** cron calls with its `onComplete`, which Nest never sets: nobody else passes one argument that is none. */
function isTickOfCron(args: readonly unknown[]): boolean {
  return args.length === 1 && args[0] === undefined;
}

export function onceMetadataOf(method: object): OnceMetadata | undefined {
  return Reflect.getMetadata(ONCE, method) as OnceMetadata | undefined;
}

export function singletonOptionsOf(method: object): PeerJobOptions | undefined {
  return Reflect.getMetadata(SINGLETON, method) as PeerJobOptions | undefined;
}
