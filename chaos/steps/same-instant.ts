import { freePorts } from '../free-ports.js';
import { seconds, type Step } from '../step.js';
import { CONVERGE_MS } from './settled-cloud.js';

export const sameInstant: Step = {
  name: 'peers started at the same instant that only know each other',
  async run(context) {
    const { size, say } = context;
    const lab = context.lab();
    const hosts = Array.from({ length: size.hosts }, () => lab.addHost());
    const ports = await freePorts(size.simultaneous);
    const places = ports.map((port, index) => ({
      port,
      host: hosts[index % hosts.length]!,
    }));
    const seeds = places.map(({ port, host }) => ({ ip: host.ip, port }));
    // Processes that still load Node and Nest would start their peers one after the other.
    await lab.whenLoaded();
    const start = performance.now();
    await Promise.all(
      places.map(({ port, host }, index) =>
        lab.startPeer(`p${index}`, host, seeds, port),
      ),
    );
    const started = performance.now() - start;
    const took = await lab.converge(CONVERGE_MS);
    say(
      `${size.simultaneous} peers, started within ${seconds(started)}: equal lists ${seconds(took)} later`,
    );
    await lab.broadcastFrom(lab.peers[0]!);
  },
};
