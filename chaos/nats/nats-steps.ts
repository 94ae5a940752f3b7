import {
  CutCable,
  findNatsServer,
  NatsServer,
  noNatsServer,
} from '../../tools/nats-server.js';
import { last, seconds, type Step, type StepContext } from '../step.js';
import { killAThird } from '../steps/kill-a-third.js';
import { rollingRestart } from '../steps/rolling-restart.js';
import { CONVERGE_MS, settledCloud } from '../steps/settled-cloud.js';
import { stalledProcess } from '../steps/stalled-process.js';

/** Longest wait for right lists after a server is back, in ms. */
const BACK_MS = 10_000;

/** Seconds for which there is no server. */
const AWAY_SECONDS = 5;

/** What a cloud has under it. */
interface Servers {
  hub: NatsServer;
  leaf: NatsServer;
  /** Between both. */
  cable: CutCable;
}

export const natsSteps: readonly Step[] = [
  onOneServer(killAThird),
  onOneServer(stalledProcess),
  onOneServer(rollingRestart),
  serverRestart(),
  leafCut(),
];

/** The same step for a cloud on NATS. */
function onOneServer(step: Step): Step {
  return {
    name: `NATS: ${step.name}`,
    run: (context) =>
      withServers(context, ({ hub }) =>
        step.run({ ...context, lab: () => context.lab(() => hub.url) }),
      ),
  };
}

function serverRestart(): Step {
  return {
    name: 'NATS: the server is killed, and started again',
    run: (context) =>
      withServers(context, async ({ hub }) => {
        const { say, lab: labOn } = context;
        const lab = await settledCloud({
          ...context,
          lab: () => labOn(() => hub.url),
        });
        const broadcast = lab
          .broadcastFrom(lab.peers[0]!)
          .catch((error: unknown) => String(error));
        await hub.kill();
        await broadcast;
        await last(AWAY_SECONDS);
        await hub.begin();
        const took = await lab.converge(BACK_MS);
        const departures = await lab.expectDepartures(() => true);
        say(
          `no server for ${AWAY_SECONDS} s: all peers on all lists ${seconds(took)} after it was back; ${departures} departures meanwhile`,
        );
        await untilAnswered(() => lab.broadcastFrom(lab.peers[0]!), BACK_MS);
      }),
  };
}

function leafCut(): Step {
  return {
    name: 'NATS: a leaf node is cut off, and joined again',
    run: (context) =>
      withServers(context, async ({ hub, leaf, cable }) => {
        const { say, size, lab: labOn } = context;
        const lab = await settledCloud({
          ...context,
          lab: () => labOn((host) => (host % 2 === 0 ? hub : leaf).url),
        });
        const isHere = lab.hosts.map((_, at) => at % 2 === 0);
        const [here, there] = [true, false].map((side) =>
          lab.peers.filter(
            ({ host }) => isHere[lab.hosts.indexOf(host)] === side,
          ),
        ) as [typeof lab.peers, typeof lab.peers];
        cable.cut();
        const parted = await lab.converge(CONVERGE_MS, [here, there]);
        say(
          `parted into ${here.length} and ${there.length}: each side has its own list after ${seconds(parted)}`,
        );
        await last(size.partitionSeconds);
        cable.mend();
        const healed = await lab.converge(CONVERGE_MS);
        say(
          `joined again after ${size.partitionSeconds} s more: equal lists after ${seconds(healed)}`,
        );
        await lab.broadcastFrom(there[0]!);
      }),
  };
}

async function withServers(
  { say }: StepContext,
  work: (servers: Servers) => Promise<void>,
): Promise<void> {
  if (!findNatsServer()) {
    say(`skipped: ${noNatsServer}`);
    return;
  }
  const cable = await CutCable.lay();
  const hub = await NatsServer.start({ leavesAt: cable.port });
  cable.leadTo(hub.leafPort);
  const leaf = await NatsServer.start({ leafOf: cable.port });
  try {
    await work({ hub, leaf, cable });
  } finally {
    cable.close();
    await Promise.all([hub.stop(), leaf.stop()]);
  }
}

async function untilAnswered(
  attempt: () => Promise<unknown>,
  patience: number,
): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw error;
      }
    }
  }
}
