import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import {
  PeerCloudModule,
  type PeerCloudOptions,
} from '../../../../src/index.js';
import {
  PeerCloudClient,
  PeerCloudMicroservicesModule,
  PeerCloudServer,
} from '../../../../src/integrations/microservices/index.js';
import { PatternDirectory } from '../../../../src/integrations/microservices/pattern-directory.js';
import { until } from '../../../support/until.js';
import {
  agree,
  QUICK,
  startPeer,
  type AdapterName,
  type PeerApp,
} from '../../../e2e/module/support/peer-app.js';

export interface RpcSetup {
  controllers?: Type[];
  imports?: (Type | DynamicModule)[];
  providers?: Type[];
  options?: PeerCloudOptions;
  adapter?: AdapterName | undefined;
  /** False: no server, only clients. */
  serves?: boolean;
  prepare?: (app: INestApplication) => void;
}

/** A peer of an RPC cloud. */
export interface RpcApp extends PeerApp {
  client: PeerCloudClient;
  id: string;
}

/** An app whose controllers are handlers of microservices. */
export async function startRpc(setup: RpcSetup = {}): Promise<RpcApp> {
  const { options, serves = setup.controllers !== undefined } = setup;
  const peer = await startPeer({
    module: PeerCloudModule.forRoot({ ...QUICK, ...options }),
    imports: [PeerCloudMicroservicesModule, ...(setup.imports ?? [])],
    ...(setup.controllers && { controllers: setup.controllers }),
    ...(setup.providers && { providers: setup.providers }),
    ...(setup.adapter && { adapter: setup.adapter }),
    prepare: async (app) => {
      setup.prepare?.(app);
      if (serves) {
        app.connectMicroservice({ strategy: app.get(PeerCloudServer) });
        await app.startAllMicroservices();
      }
    },
  });
  return Object.assign(peer, {
    client: peer.app.get(PeerCloudClient, { strict: false }),
    id: peer.membership.self.id,
  });
}

/** Starts peers that know each other, the first one first. */
export async function startRpcCloud(
  ...setups: RpcSetup[]
): Promise<[RpcApp, ...RpcApp[]]> {
  const [first, ...others] = setups;
  const seed = await startRpc(first);
  const peers = [seed.address];
  const rest = await Promise.all(
    others.map((setup) =>
      startRpc({ ...setup, options: { ...setup.options, peers } }),
    ),
  );
  const all: [RpcApp, ...RpcApp[]] = [seed, ...rest];
  await until(() => agree(all));
  return all;
}

/** Waits until a peer knows of so many that handle a pattern. */
export function untilHandled(
  { app }: RpcApp,
  pattern: string,
  count: number,
): Promise<unknown> {
  const directory = app.get(PatternDirectory, { strict: false });
  return until(
    () =>
      directory.handlersOf(pattern).length +
        [...directory.subscribersOf(pattern).values()].flat().length ===
      count,
  );
}
