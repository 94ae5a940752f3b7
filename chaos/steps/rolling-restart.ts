import { seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

export const rollingRestart: Step = {
  name: 'rolling restart: SIGTERM of each process in turn, and a new one at the same ports',
  async run(context) {
    const lab = await settledCloud(context);
    let departures = 0;
    for (const old of lab.hosts.slice()) {
      const before = lab.peersOf(old);
      const start = performance.now();
      const host = await lab.replaceHost(old);
      const ended = performance.now() - start;
      const seeds = lab.peers.slice(0, 3).map((peer) => lab.seedOf(peer));
      await Promise.all(
        before.map(({ name, port }) =>
          lab.startPeer(lab.freshName(name), host, seeds, port),
        ),
      );
      const took = await lab.converge(CONVERGE_MS);
      departures += await lab.expectDepartures(
        ({ name, reason }) => reason !== 'dead' && lab.ended.has(name),
      );
      context.say(
        `${before.length} peers: their process ended in ${seconds(ended)}, lists right ${seconds(took)} after the new one had started`,
      );
    }
    context.say(
      `${departures} departures seen, none of peers that ran or were taken for dead`,
    );
    await lab.broadcastFrom(lab.peers[0]!);
  },
};
