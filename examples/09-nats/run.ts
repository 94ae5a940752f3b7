import {
  findNatsServer,
  NatsServer,
  noNatsServer,
} from '../../tools/nats-server.js';
import { eventually, freePorts, withReplicas } from '../support/replicas.js';

if (findNatsServer()) {
  // Two regions: a server in each, the second a leaf node of the first.
  const east = await NatsServer.start({ takesLeaves: true });
  const west = await NatsServer.start({ leafOf: east.leafPort });
  try {
    await run({ east: east.url, west: west.url });
  } finally {
    await Promise.all([east.stop(), west.stop()]);
  }
} else {
  console.log(`skipped: ${noNatsServer}`);
}

async function run(regions: { east: string; west: string }): Promise<void> {
  const ports = await freePorts(4);
  const replicas = ports.map((port, index) => {
    const REGION = index % 2 === 0 ? 'east' : 'west';
    const NAME = `replica-${index + 1}`;
    return { NAME, REGION, PORT: String(port), NATS: regions[REGION] };
  });
  await withReplicas(
    new URL('./src/main.js', import.meta.url),
    replicas,
    async (all) => {
      for (const self of all) {
        const others = replicas
          .filter(({ NAME }) => NAME !== self.name)
          .map(({ NAME, REGION }) => `${NAME} in ${REGION}`);
        await eventually(
          `${self.name} sees both regions`,
          () => self.call<string[]>('GET', '/peers'),
          (names) => names.join() === others.join(),
        );
      }
      await eventually(
        'a price from the west is at all replicas',
        () => all[1]!.call<{ replicas: number }>('PUT', '/prices/tea/4.5'),
        (answer) => answer.replicas === all.length,
      );
      await eventually(
        'the east has the price of the west',
        () =>
          all[0]!.call<{ price?: number; from?: string }>('GET', '/prices/tea'),
        ({ price, from }) => price === 4.5 && from === 'west',
      );
    },
  );
}
