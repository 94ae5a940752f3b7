import { seconds, type Step } from '../step.js';
import { CONVERGE_MS, settledCloud } from './settled-cloud.js';

const LEGACY_PEERS = 3;

export const legacyMix: Step = {
  name: `a mixed cloud with ${LEGACY_PEERS} legacy peers`,
  needsOpenCloud: true,
  async run(context) {
    const lab = await settledCloud(context);
    const seeds = [lab.seedOf(lab.peers[1]!)];
    for (let index = 0; index < LEGACY_PEERS; index++) {
      const host = lab.addHost('legacy');
      await lab.startPeer(`legacy${index}`, host, seeds);
    }
    const mixed = await lab.converge(CONVERGE_MS);
    context.say(
      `${LEGACY_PEERS} legacy peers joined: every list right, theirs included and none twice, after ${seconds(mixed)}`,
    );
    const [firstLegacy, , lastLegacy] = lab.hosts.filter(
      (host) => host.kind === 'legacy',
    );
    await lab.broadcastFrom(lab.peersOf(firstLegacy!)[0]!);
    await lab.killHost(lastLegacy!);
    const legacyGone = await lab.converge(CONVERGE_MS);
    context.say(
      `a legacy peer killed: lists right after ${seconds(legacyGone)}`,
    );
    await lab.killHost(lab.hosts[context.size.hosts - 1]!);
    const oursGone = await lab.converge(CONVERGE_MS);
    context.say(
      `a process of ours killed: lists right after ${seconds(oursGone)}`,
    );
    await lab.startPeer(lab.freshName('back'), lab.hosts[0]!, seeds);
    const back = await lab.converge(CONVERGE_MS);
    context.say(`a new peer joined: lists right after ${seconds(back)}`);
    await lab.broadcastFrom(lab.peers[0]!);
    await lab.expectDepartures(({ name }) => lab.ended.has(name));
  },
};
