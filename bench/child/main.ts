import type {
  BenchClient,
  ClientEnv,
  Contender,
  PeerLocation,
  ServerEnv,
} from '../contender.js';
import { broadcastLoop, type BroadcastPlan } from '../load/broadcast-loop.js';
import { closedLoop, type ClosedLoopPlan } from '../load/closed-loop.js';
import { openLoop, type OpenLoopPlan } from '../load/open-loop.js';
import { usage } from '../load/usage.js';
import { serve } from './rpc.js';

/** What peers of one process are started with. */
export type ServersEnv = Omit<ServerEnv, 'index'> & {
  firstIndex: number;
  count: number;
};

const { default: contender } = (await import(process.argv[2]!)) as {
  default: Contender;
};

let client: BenchClient | undefined;

function theClient(): BenchClient {
  if (!client) {
    throw new Error('the client has not been opened');
  }
  return client;
}

async function openServers(env: ServersEnv): Promise<PeerLocation[]> {
  const opened: PeerLocation[] = [];
  for (let index = 0; index < env.count; index++) {
    const server = await contender.server({
      ...env,
      index: env.firstIndex + index,
      seeds: [...env.seeds, ...opened],
    });
    opened.push(server.location);
  }
  return opened;
}

async function openClient(
  env: ClientEnv,
): Promise<{ joinMs: number | undefined }> {
  await client?.close?.();
  client = await contender.client(env);
  return { joinMs: client.joinMs };
}

serve({
  openServers,
  openClient,
  closedLoop: (plan: ClosedLoopPlan) => closedLoop(theClient(), plan),
  openLoop: (plan: OpenLoopPlan) => openLoop(theClient(), plan),
  broadcast: (plan: BroadcastPlan) => broadcastLoop(theClient(), plan),
  usage: (options: { settle: boolean }) => usage(options.settle),
});
