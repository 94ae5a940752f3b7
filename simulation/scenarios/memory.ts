import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { JsonObject } from '../../src/wire/json.js';
import { SimulatedCloud } from '../cloud/simulated-cloud.js';

/** Virtual ms after which the list has arrived. */
const JOINING = 500;

/** Members of the shorter list: few enough that a core takes twice as many, enough to outweigh chance. */
const COUNT = 4000;

/**
 * Bytes that each member takes in the memory of one peer: what a list twice as long takes more. It is
 * measured on a single core, as nothing is shared there between lists.
 */
export async function memoryPerMember(): Promise<number> {
  await bytesOfList(2 * COUNT); // what the first list costs once is not the list's
  const long = await bytesOfList(2 * COUNT);
  return (long - (await bytesOfList(COUNT))) / COUNT;
}

/** Lets a core into a cloud of `count` others. */
async function bytesOfList(count: number): Promise<number> {
  const cloud = new SimulatedCloud({ seed: 1, bodies: 'copy' });
  const entries = Array.from({ length: count }, (_, index) =>
    describePeer(cloud, index + 1),
  );
  const receiver = cloud.addressOf(1);
  const joined: JsonObject = {
    status: 'joined',
    id: 'observer',
    ...cloud.addressOf(0),
    self: entries[0]!,
    peers: entries.slice(1),
  };
  cloud.network.start({
    ...receiver,
    senderId: () => undefined,
    handler: (endpoint) =>
      Promise.resolve({
        status: 200,
        body: endpoint === 'join' ? joined : { ...entries[0]!, online: true },
      }),
  });
  const observer = cloud.add({ id: 'observer', seeds: [receiver] });
  const before = heapInUse();
  observer.start();
  await cloud.clock.run(JOINING);
  if (observer.core.members().length !== count) {
    throw new Error('the list did not arrive');
  }
  return heapInUse() - before;
}

function describePeer(cloud: SimulatedCloud, index: number): JsonObject {
  const { ip, port } = cloud.addressOf(index);
  return {
    id: cloud.random.uuid(),
    ip,
    port,
    data: { name: `peer-${index}` },
    features: ['update', 'gossip', 'probe', 'sync'],
    incarnation: cloud.clock.now(),
  };
}

/** Bytes in use after a garbage collection. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
