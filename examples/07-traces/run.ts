import {
  eventually,
  freePorts,
  type Replica,
  withReplicas,
} from '../support/replicas.js';

interface Order {
  heardBy: number;
  trace: string;
}

interface Span {
  name: string;
  kind: string;
  id: string;
  parent?: string;
  status?: string;
  at: string;
}

/** A request at the first replica: to a second one, from there to a third, and a broadcast. */
const EXPECTED = [
  'place order',
  '  client stock.reserve OK',
  '    server stock.reserve OK',
  '      client price OK',
  '        server price OK',
  '          look up',
  '  broadcast order.placed',
  '    client order.placed OK',
  '      server order.placed OK',
  '    client order.placed OK',
  '      server order.placed OK',
];

const ports = await freePorts(3);
await withReplicas(
  new URL('./src/main.js', import.meta.url),
  ports.map((port, at) => ({
    NAME: `replica-${at + 1}`,
    PORT: String(port),
    PEERS: ports.map((each) => `127.0.0.1:${each}`).join(),
  })),
  show,
);

async function show(replicas: Replica[]): Promise<void> {
  const [first] = replicas as [Replica];
  const { trace } = await eventually(
    'an order goes through three replicas',
    () => first.call<Order>('GET', '/orders/1'),
    ({ heardBy }) => heardBy === 2,
  );
  const lines = await eventually(
    'all of it is one trace',
    async () => {
      const each = replicas.map((replica) =>
        replica.call<Span[]>('GET', `/traces/${trace}`),
      );
      return tree((await Promise.all(each)).flat());
    },
    (found) => found.map(([line]) => line).join() === EXPECTED.join(),
  );
  console.log(lines.map(([line, at]) => `${line} (${at})`).join('\n'));
}

/** Each span below its parent, with the replica that it is from. */
function tree(
  spans: readonly Span[],
  parent?: string,
  indent = '',
): [line: string, at: string][] {
  return spans
    .filter((span) => span.parent === parent)
    .sort((one, two) => order(one) - order(two))
    .flatMap((span) => {
      const { id, kind, name, status = '', at } = span;
      const what = kind === 'internal' ? name : `${kind} ${name} ${status}`;
      return [[indent + what, at], ...tree(spans, id, `${indent}  `)];
    });
}

/** Of what has the same parent, the request came before the broadcast. */
function order({ name }: Span): number {
  return name.startsWith('broadcast') ? 1 : 0;
}
