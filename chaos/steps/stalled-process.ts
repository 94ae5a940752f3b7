import { last, seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

export const stalledProcess: Step = {
  name: 'SIGSTOP of a process, and SIGCONT',
  async run(context) {
    const lab = await settledCloud(context);
    const sleeper = lab.hosts.at(-1)!;
    const asleep = new Set(lab.peersOf(sleeper).map((peer) => peer.name));
    sleeper.signal('SIGSTOP');
    await last(context.size.stallSeconds);
    sleeper.signal('SIGCONT');
    const took = await lab.converge(CONVERGE_MS);
    const departures = await lab.expectDepartures(
      ({ name, observer }) => asleep.has(name) || asleep.has(observer),
    );
    context.say(
      `still for ${context.size.stallSeconds} s: lists right ${seconds(took)} after it woke; ${departures} departures of or at sleepers, none of others`,
    );
    await lab.broadcastFrom(lab.peersOf(sleeper)[0]!);
  },
};
