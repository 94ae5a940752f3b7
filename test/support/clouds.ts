import { randomUUID } from 'node:crypto';
import type {
  INestApplication,
  InjectionToken,
  ModuleMetadata,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MembershipService, type PeerCloudOptions } from '../../src/index.js';
import { natsTransport } from '../../src/integrations/nats/index.js';
import type { MembershipCore } from '../../src/membership/core/membership-core.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_LINK,
} from '../../src/options/peer-cloud.tokens.js';
import { resolvePeerCloudOptions } from '../../src/options/resolve-options.js';
import { PEER_CLOUD_INPUT } from '../../src/peer-cloud.module-definition.js';
import { ProtocolSetup } from '../../src/protocol/index.js';
import {
  createTestCloud,
  type TestCloud,
  type TestCloudOptions,
} from '../../src/testing/index.js';
import type { TransportLink } from '../../src/transport/link/index.js';
import { until } from './until.js';

/** True in `npm run test:nats`: the same specs with their peers on NATS. */
export const ON_NATS = process.env['PEERCLOUD_TRANSPORT'] === 'nats';

/** What the specs need of a test cloud, whose time is the machine's. */
export type Cloud = Pick<
  TestCloud,
  'apps' | 'get' | 'id' | 'add' | 'kill' | 'settled' | 'until' | 'close'
>;

/** A test cloud in memory, or on NATS where the specs run on that. */
export function createCloud(
  count: number,
  metadata: ModuleMetadata,
  options: TestCloudOptions = {},
): Promise<Cloud> {
  return ON_NATS
    ? NatsCloud.start(count, metadata, options)
    : createTestCloud(count, metadata, options);
}

class NatsCloud implements Cloud {
  readonly apps: INestApplication[] = [];
  readonly #name = randomUUID();
  readonly #running = new Set<number>();

  private constructor(
    private readonly metadata: ModuleMetadata,
    private readonly options: TestCloudOptions,
  ) {}

  static async start(
    count: number,
    metadata: ModuleMetadata,
    options: TestCloudOptions,
  ): Promise<NatsCloud> {
    const cloud = new NatsCloud(metadata, options);
    await cloud.add(count);
    return cloud;
  }

  async add(count = 1, metadata = this.metadata): Promise<number[]> {
    const added: number[] = [];
    for (let made = 0; made < count; made++) {
      added.push(await this.#start(metadata));
    }
    await this.settled();
    return added;
  }

  get<T>(index: number, token: InjectionToken<T>): T {
    return this.apps[index]!.get<T>(token, { strict: false });
  }

  id(index: number): string {
    return this.#core(index).id;
  }

  async kill(index: number): Promise<void> {
    this.#running.delete(index);
    this.#core(index).stop();
    const link = this.get<TransportLink>(index, PEER_LINK);
    link.cutOff();
    await link.close();
  }

  async settled(): Promise<void> {
    await until(() => this.#areEqual(), { what: 'equal lists' });
    await Promise.all(
      [...this.#running].map((index) =>
        this.get(index, MembershipService).whenSettled(),
      ),
    );
    // Now each of them says which keys it owns.
    await until(() => this.#areEqual(), { what: 'equal lists' });
  }

  #areEqual(): boolean {
    const cores = [...this.#running]
      .map((index) => this.#core(index))
      .filter((core) => !core.leaving);
    return cores.every(
      (core) =>
        core.members().length === cores.length - 1 &&
        core.digest === cores[0]!.digest,
    );
  }

  until(condition: () => boolean | Promise<boolean>): Promise<void> {
    return until(condition) as Promise<unknown> as Promise<void>;
  }

  async close(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
  }

  #core(index: number): MembershipCore {
    return this.get<MembershipCore>(index, MEMBERSHIP_CORE);
  }

  async #start(metadata: ModuleMetadata): Promise<number> {
    const index = this.apps.length;
    const { peerCloud, createApp } = this.options;
    const own = typeof peerCloud === 'function' ? peerCloud(index) : peerCloud;
    const place: PeerCloudOptions = {
      cloud: this.#name,
      transport: natsTransport(),
      peers: undefined,
      listener: undefined,
    };
    const nothing = () => {};
    const module = await Test.createTestingModule(metadata)
      .overrideProvider(PEER_CLOUD_OPTIONS)
      .useFactory({
        inject: [PEER_CLOUD_INPUT],
        factory: (input: PeerCloudOptions) =>
          resolvePeerCloudOptions({ ...input, ...own, ...place }),
      })
      .overrideProvider(ProtocolSetup)
      .useValue({ apply: nothing, cutOff: nothing })
      .compile();
    const app = (createApp?.(module, index) ??
      module.createNestApplication()) as INestApplication;
    this.apps.push(app);
    this.#running.add(index);
    await app.init();
    return index;
  }
}
