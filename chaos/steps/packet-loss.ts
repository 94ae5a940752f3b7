import { last, seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

const LOSS = 0.1;

export const packetLoss: Step = {
  name: '10 % of all packets lost',
  needs: 'canLose',
  async run(context) {
    const lab = await settledCloud(context);
    context.network.lose(LOSS);
    await last(context.size.lossSeconds);
    const host = lab.addHost();
    context.network.lose(LOSS);
    const seeds = [lab.seedOf(lab.peers[0]!)];
    await lab.startPeer('late', host, seeds);
    const joined = await lab.converge(CONVERGE_MS);
    await lab.expectDepartures(() => false);
    context.say(
      `under loss for ${context.size.lossSeconds} s: nobody thrown out; a peer that joined under loss was on all lists after ${seconds(joined)}`,
    );
    context.network.lose(0);
    const right = await lab.converge(CONVERGE_MS);
    context.say(`loss over: lists right after ${seconds(right)}`);
    await lab.broadcastFrom(lab.peers[0]!);
  },
};
