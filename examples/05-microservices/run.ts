import {
  eventually,
  freePorts,
  type Replica,
  withReplicas,
} from '../support/replicas.js';

const SERVICES = ['billing', 'billing', 'shipping', 'shipping'];
const ORDERS = 4;

const ports = await freePorts(SERVICES.length);
await withReplicas(
  new URL('./src/main.js', import.meta.url),
  SERVICES.map((service, at) => ({
    NAME: `${service}-${(at % 2) + 1}`,
    SERVICE: service,
    PORT: String(ports[at]),
    PEERS: ports.map((port) => `127.0.0.1:${port}`).join(),
  })),
  show,
);

async function show(replicas: Replica[]): Promise<void> {
  const [billing1, billing2, , shipping2] = replicas as [
    Replica,
    Replica,
    Replica,
    Replica,
  ];
  const twice = async () => [await price(shipping2), await price(shipping2)];
  await eventually('both billing replicas answer by turns', twice, (names) =>
    [billing1, billing2].every(({ name }) => names.includes(name)),
  );
  await ordered('each order has one invoice and one parcel', replicas, 1);

  await billing1.kill();
  await eventually('one answers for both', twice, (names) =>
    names.every((name) => name === billing2.name),
  );
  const others = replicas.filter((replica) => replica !== billing1);
  await ordered('and bills for both', others, ORDERS + 1);
}

async function price(at: Replica): Promise<string> {
  const { by } = await at.call<{ by: string }>('GET', '/price/3');
  return by;
}

/** Places orders at the last replica, and looks what all have done for them. */
async function ordered(
  what: string,
  replicas: Replica[],
  first: number,
): Promise<void> {
  const ids = Array.from({ length: ORDERS }, (_, n) => first + n);
  for (const id of ids) {
    await replicas.at(-1)!.call('POST', '/orders', { id });
  }
  const expected = ids.flatMap((id) => [`invoice ${id}`, `parcel ${id}`]);
  await eventually(
    what,
    async () => {
      const done = replicas.map((each) => each.call<string[]>('GET', '/done'));
      const lines = (await Promise.all(done)).flat();
      return lines.filter((line) => ids.includes(Number(line.split(' ')[1])));
    },
    (lines) => lines.sort().join() === expected.sort().join(),
  );
}
