import { last, seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

export const partition: Step = {
  name: 'partition into halves, and healing',
  needs: 'canPart',
  async run(context) {
    const lab = await settledCloud(context);
    const half = lab.hosts.slice(0, Math.floor(lab.hosts.length / 2));
    context.network.part(half.map((host) => host.ip));
    const here = lab.peers.filter((peer) => half.includes(peer.host));
    const there = lab.peers.filter((peer) => !half.includes(peer.host));
    const parted = await lab.converge(CONVERGE_MS, [here, there]);
    context.say(
      `parted into ${here.length} and ${there.length}: each half has its own list after ${seconds(parted)}`,
    );
    await last(context.size.partitionSeconds);
    context.network.heal();
    const healed = await lab.converge(CONVERGE_MS);
    context.say(
      `healed after ${context.size.partitionSeconds} s more: one cloud, equal lists after ${seconds(healed)}`,
    );
    await lab.broadcastFrom(lab.peers[0]!);
    const side = new Map(
      [here, there].flatMap((peers, at) => peers.map(({ name }) => [name, at])),
    );
    await lab.expectDepartures(
      ({ observer, name }) => side.get(observer) !== side.get(name),
    );
  },
};
