import type { Lab } from '../lab.js';
import { seconds, type StepContext } from '../step.js';

/** Longest wait for right lists, in ms; slow machines included. */
export const CONVERGE_MS = 90_000;

/** A lab with the run's hosts and peers, all in one cloud that was joined through one known peer. */
export async function settledCloud(context: StepContext): Promise<Lab> {
  const { size, say } = context;
  const lab = context.lab();
  const hosts = Array.from({ length: size.hosts }, () => lab.addHost());
  const first = await lab.startPeer('h0p0', hosts[0]!, []);
  await Promise.all(
    hosts.flatMap((host, h) =>
      Array.from({ length: size.peersPerHost }, async (_, p) => {
        if (h + p > 0) {
          await lab.startPeer(`h${h}p${p}`, host, [lab.seedOf(first)]);
        }
      }),
    ),
  );
  const took = await lab.converge(CONVERGE_MS);
  const replies = await lab.broadcastFrom(first);
  say(
    `${lab.peers.length} peers in ${size.hosts} processes: equal lists ${seconds(took)} after the last had started; a broadcast had ${replies} replies`,
  );
  // Processes that load Node and Nest have no time for each other: departures of that time do not count.
  await lab.expectDepartures(() => true);
  return lab;
}
