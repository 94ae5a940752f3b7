import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  freePorts,
  type Replica,
  withReplicas,
} from '../support/replicas.js';

interface Price {
  price: number | null;
  from: string;
}

const REPLICAS = 3;

const folder = await mkdtemp(join(tmpdir(), 'cache-invalidation-'));
const ports = await freePorts(2 * REPLICAS);
const peerPorts = ports.slice(REPLICAS);

try {
  await withReplicas(
    new URL('./src/main.js', import.meta.url),
    peerPorts.map((peerPort, index) => ({
      NAME: `replica-${index + 1}`,
      PORT: String(ports[index]),
      PEER_PORT: String(peerPort),
      PEERS: peerPorts.map((port) => `127.0.0.1:${port}`).join(),
      STORE: join(folder, 'prices.json'),
    })),
    show,
  );
} finally {
  await rm(folder, { recursive: true });
}

async function show(replicas: Replica[]): Promise<void> {
  for (const replica of replicas) {
    await eventually(
      `${replica.name} sees the others`,
      () => replica.call<{ others: number }>('GET', '/replicas'),
      ({ others }) => others === REPLICAS - 1,
    );
  }
  let price = 10;
  for (const writer of replicas) {
    price++;
    await writer.call('PUT', '/prices/tea', { price });
    for (const reader of replicas) {
      await read(reader, price, 'store');
      await read(reader, price, 'cache');
    }
  }
}

/** What a replica says must be right the first time: no waiting for it here. */
async function read(replica: Replica, price: number, from: string) {
  const seen = await replica.call<Price>('GET', '/prices/tea');
  const text = `${replica.name} reads ${JSON.stringify(seen)}`;
  if (seen.price !== price || seen.from !== from) {
    throw new Error(`${text}; expected ${price} from the ${from}`);
  }
  console.log(`ok   ${text}`);
}
