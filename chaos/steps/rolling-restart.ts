import { seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

export const rollingRestart: Step = {
  name: 'rolling restart of every peer',
  async run(context) {
    const lab = await settledCloud(context);
    const start = performance.now();
    let slowest = 0;
    for (const peer of lab.peers.slice()) {
      const { host, port } = peer;
      await lab.leavePeer(peer);
      const seeds = lab.peers.slice(0, 3).map((other) => lab.seedOf(other));
      await lab.startPeer(lab.freshName(peer.name), host, seeds, port);
      slowest = Math.max(slowest, await lab.converge(CONVERGE_MS));
    }
    const departures = await lab.departures();
    const unexpected = departures.filter(({ reason }) => reason === 'dead');
    context.say(
      `${lab.peers.length} restarts in ${seconds(performance.now() - start)}: slowest convergence ${seconds(slowest)}, ${unexpected.length} peers taken for dead`,
    );
    if (unexpected.length > 0) {
      throw new Error(`taken for dead: ${JSON.stringify(unexpected)}`);
    }
    await lab.broadcastFrom(lab.peers[0]!);
  },
};
