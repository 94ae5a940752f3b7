import { eventually, freePorts, withReplicas } from '../support/replicas.js';

const ports = await freePorts(2);
const PEERS = ports.map((port) => `127.0.0.1:${port}`).join(',');

await withReplicas(
  new URL('./src/main.js', import.meta.url),
  ports.map((port, index) => ({
    NAME: `replica-${index + 1}`,
    PORT: String(port),
    PEERS,
  })),
  async ([one, two]) => {
    for (const [self, other] of [
      [one!, two!],
      [two!, one!],
    ] as const) {
      await eventually(
        `${self.name} sees ${other.name}`,
        () => self.call<string[]>('GET', '/peers'),
        (names) => names.join() === other.name,
      );
      await eventually(
        `${self.name} greets ${other.name}`,
        () => self.call<{ from: string; reply: string }[]>('GET', '/greet/hi'),
        ([first, ...rest]) =>
          rest.length === 0 &&
          first?.from === other.name &&
          first.reply === `${other.name} heard "hi" from ${self.name}`,
      );
    }
  },
);
