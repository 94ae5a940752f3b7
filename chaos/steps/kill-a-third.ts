import { seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

export const killAThird: Step = {
  name: 'kill -9 of a third of the processes, then as many new ones',
  async run(context) {
    const lab = await settledCloud(context);
    const victims = lab.hosts.slice(-Math.ceil(lab.hosts.length / 3));
    await Promise.all(victims.map((host) => lab.killHost(host)));
    const noticed = await lab.converge(CONVERGE_MS);
    context.say(
      `${lab.ended.size} peers killed: gone from every list after ${seconds(noticed)}`,
    );
    const seeds = [lab.seedOf(lab.peers[0]!)];
    for (const [index] of victims.entries()) {
      const host = lab.addHost();
      await lab.startPeer(lab.freshName(`new${index}`), host, seeds);
    }
    const joined = await lab.converge(CONVERGE_MS);
    context.say(
      `${victims.length} new peers: equal lists after ${seconds(joined)}`,
    );
    await lab.broadcastFrom(lab.peers.at(-1)!);
    await lab.expectDepartures(({ name }) => lab.ended.has(name));
  },
};
