import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  blockedOwner,
  killedFence,
  killedOwner,
  partedCloud,
  rollingRestart as rollingRestartOfJobs,
  sameMoment,
  stoppedOwner,
} from './jobs/once-steps.js';
import { singletonDeaths, singletonHandovers } from './jobs/singleton-steps.js';
import { Lab } from './lab.js';
import { LoopbackNetwork, type Network } from './network.js';
import { NamespaceNetwork } from './namespace-network.js';
import { natsSteps } from './nats/nats-steps.js';
import { FULL, SHORT, seconds, type Step, type StepContext } from './step.js';
import { killAThird } from './steps/kill-a-third.js';
import { legacyMix } from './steps/legacy-mix.js';
import { packetLoss } from './steps/packet-loss.js';
import { partition } from './steps/partition.js';
import { rollingRestart } from './steps/rolling-restart.js';
import { sameInstant } from './steps/same-instant.js';
import { stalledProcess } from './steps/stalled-process.js';

/** Does to real processes what production does, and tells what came of it: `npm run chaos`. */

const STEPS: readonly Step[] = [
  sameInstant,
  killAThird,
  stalledProcess,
  rollingRestart,
  legacyMix,
  partition,
  packetLoss,
  sameMoment,
  rollingRestartOfJobs,
  killedOwner,
  blockedOwner,
  stoppedOwner,
  partedCloud,
  killedFence,
  singletonHandovers,
  singletonDeaths,
  ...natsSteps,
];

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    without: { type: 'string', multiple: true },
    signed: { type: 'boolean', default: false },
  },
});
const size = values.short ? SHORT : FULL;
const secret = values.signed ? randomBytes(32).toString('base64') : undefined;

const WHY_NOT = {
  canPart: 'this machine does not let us make and wire network namespaces',
  canLose: 'this machine has neither netem nor nftables for namespaces',
};

const { only = [''], without = [] } = values;
const steps = STEPS.filter(
  ({ name }) =>
    only.some((part) => name.includes(part)) &&
    !without.some((part) => name.includes(part)),
);
if (steps.length === 0) {
  const names = STEPS.map(({ name }) => `  ${name}`).join('\n');
  process.stderr.write(`--only and --without leave no name among\n${names}\n`);
  process.exit(1);
}

function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

/** Runs one step in a lab of its own; true if all was right after it. */
async function runStep(step: Step, network: Network): Promise<boolean> {
  process.stdout.write(`\n${step.name}\n`);
  if (step.needs && !network[step.needs]) {
    say(`skipped: ${WHY_NOT[step.needs]}`);
    return true;
  }
  if (step.needsOpenCloud && secret !== undefined) {
    say('skipped: legacy peers cannot sign');
    return true;
  }
  const labs: Lab[] = [];
  const lab: StepContext['lab'] = (natsOf) => {
    const place = natsOf ? new LoopbackNetwork() : network;
    const made = new Lab(place, secret, natsOf);
    labs.push(made);
    return made;
  };
  const start = performance.now();
  try {
    await step.run({ network, size, say, lab });
    say(`right (${seconds(performance.now() - start)} in all)`);
    return true;
  } catch (error) {
    say(`WRONG: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    await Promise.all(labs.map((made) => made.close()));
  }
}

/** Every step has a network of its own, so that none inherits the damage of another. */
async function runAll(): Promise<boolean> {
  let allRight = true;
  for (const step of steps) {
    const network = NamespaceNetwork.create() ?? new LoopbackNetwork();
    try {
      allRight = (await runStep(step, network)) && allRight;
    } finally {
      network.remove();
    }
  }
  return allRight;
}

const network = NamespaceNetwork.create() ?? new LoopbackNetwork();
network.remove();
process.stdout.write(
  `chaos in ${secret === undefined ? 'an open' : 'a signed'} cloud on ${network.name}\n`,
);
process.exitCode = (await runAll()) ? 0 : 1;
