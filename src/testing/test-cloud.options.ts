import type {
  DynamicModule,
  INestApplication,
  INestApplicationContext,
  ModuleMetadata,
  Type,
} from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import type { PeerCloudOptions } from '../index.js';
import {
  OptionsError,
  readNumber,
  readObject,
  readOneOf,
} from '../options/option-checks.js';

/** Most apps in one test cloud. */
export const MAX_APPS = 200;

/** Ms of the cloud's time for one direction, at most. */
const MAX_LATENCY = 60_000;

/** Options of a peer that a test may set: all but those of the network, which is in memory. */
export type TestPeerOptions = Omit<
  PeerCloudOptions,
  'enabled' | 'peers' | 'ip' | 'port' | 'listener' | 'tls' | 'addresses'
>;

/** The others. */
const NETWORK_OPTIONS: readonly Exclude<
  keyof PeerCloudOptions,
  keyof TestPeerOptions
>[] = ['enabled', 'peers', 'ip', 'port', 'listener', 'tls', 'addresses'];

/** What each app of a test cloud is made of: its root module, or the metadata of one. */
export type TestCloudModule = Type | DynamicModule | ModuleMetadata;

/** How `createTestCloud()` makes a cloud. Everything has a default. */
export interface TestCloudOptions<
  A extends INestApplicationContext = INestApplication,
> {
  /** Overrides providers of one app, as with any testing module of Nest. Default: none. */
  configure?:
    | ((builder: TestingModuleBuilder, index: number) => TestingModuleBuilder)
    | undefined;

  /**
   * Makes the app of a module, and does what `main.ts` does before it listens: another adapter, global
   * pipes, a prefix. Default: `module.createNestApplication()`.
   */
  createApp?: ((module: TestingModule, index: number) => A) | undefined;

  /** Options of PeerCloudModule over those of the app, for all apps or by index. Default: none. */
  peerCloud?:
    TestPeerOptions | ((index: number) => TestPeerOptions) | undefined;

  /**
   * The time of network and membership. `machine`: it goes with the machine's, whatever a test does to the
   * timers. `virtual`: it stands still. `settled()`, `until()` and `advance()` let it run ahead in either
   * case. Default `machine`.
   */
  clock?: 'machine' | 'virtual' | undefined;

  /** Decides what chance decides: latency, loss, ids, whom peers ask. Default: by chance; see `TestCloud.seed`. */
  seed?: number | undefined;
}

/** The options, complete. */
export interface ResolvedTestCloudOptions {
  configure(builder: TestingModuleBuilder, index: number): TestingModuleBuilder;
  createApp(module: TestingModule, index: number): INestApplicationContext;
  peerCloud(index: number): TestPeerOptions;
  flows: boolean;
  seed: number;
}

/** @throws OptionsError that names the option, what it got and what to write */
export function resolveTestCloudOptions(
  input: unknown,
): ResolvedTestCloudOptions {
  const given = readObject(input, 'options', [
    'configure',
    'createApp',
    'peerCloud',
    'clock',
    'seed',
  ]) as TestCloudOptions;
  const { configure, createApp, peerCloud, clock, seed } = given;
  checkFunction(configure, 'options.configure');
  checkFunction(createApp, 'options.createApp');
  return {
    configure: (builder, index) => {
      const configured = configure ? configure(builder, index) : builder;
      if (
        typeof (configured as Partial<typeof builder>)?.compile !== 'function'
      ) {
        throw new OptionsError(
          'options.configure',
          configured,
          'must return the builder: (builder) => builder.overrideProvider(…).useValue(…)',
        );
      }
      return configured;
    },
    createApp: createApp ?? ((module) => module.createNestApplication()),
    peerCloud: (index) =>
      readPeerOptions(
        typeof peerCloud === 'function' ? peerCloud(index) : peerCloud,
      ),
    flows:
      readOneOf(clock, 'options.clock', ['machine', 'virtual'], {
        default: 'machine',
      }) === 'machine',
    seed: readNumber(seed, 'options.seed', {
      min: 0,
      max: 2 ** 32 - 1,
      integer: true,
      default: Math.floor(Math.random() * 2 ** 32),
    }),
  };
}

/** @throws OptionsError unless it is a number of apps */
export function checkCount(count: unknown, path: string, max: number): number {
  return readNumber(count ?? null, path, {
    min: 1,
    max,
    integer: true,
    default: NaN,
  });
}

/** @throws OptionsError unless an app can be made of it */
export function readModule(module: unknown): ModuleMetadata {
  if (typeof module === 'function') {
    return { imports: [module as Type] };
  }
  if (typeof module !== 'object' || module === null) {
    throw new OptionsError(
      'module',
      module,
      'must be the root module of the app, or metadata like { imports: [PeerCloudModule.forRoot()] }',
    );
  }
  return 'module' in module
    ? { imports: [module as DynamicModule] }
    : (module as ModuleMetadata);
}

/** @throws OptionsError unless it is ms, or a function that gives ms by chance */
export function readLatency(
  value: unknown,
): (random: { next(): number }) => number {
  if (typeof value === 'function') {
    return (random) => checkLatency(value(random));
  }
  const ms = checkLatency(value);
  return () => ms;
}

/** @throws OptionsError unless it is a probability */
export function readLoss(value: unknown): number {
  return readNumber(value ?? null, 'loss', { min: 0, max: 1, default: NaN });
}

function checkLatency(value: unknown): number {
  return readNumber(value ?? null, 'latency', {
    min: 0,
    max: MAX_LATENCY,
    default: NaN,
  });
}

function readPeerOptions(value: unknown): TestPeerOptions {
  for (const name of NETWORK_OPTIONS) {
    if (Object.hasOwn((value ?? {}) as object, name)) {
      throw new OptionsError(
        `options.peerCloud.${name}`,
        (value as Record<string, unknown>)[name],
        'leave it out: the network of a test cloud is in memory, and all apps are seeds of each other',
      );
    }
  }
  return (value ?? {}) as TestPeerOptions;
}

function checkFunction(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new OptionsError(path, value, 'must be a function');
  }
}
