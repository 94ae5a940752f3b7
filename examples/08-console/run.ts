import type { CloudView } from 'nestjs-peercloud/console';
import { eventually, freePorts, withReplicas } from '../support/replicas.js';

const PASSWORD = 'for this run';
const ports = await freePorts(2);

/** Asks a replica's console, as the user whom the guard lets in, or as nobody. */
async function ask(port: number, path: string, password?: string) {
  const credentials = Buffer.from(`admin:${password}`).toString('base64');
  const answer = await fetch(`http://127.0.0.1:${port}/cloud${path}`, {
    headers: password ? { authorization: `Basic ${credentials}` } : {},
  });
  return { status: answer.status, text: await answer.text() };
}

await withReplicas(
  new URL('./src/main.js', import.meta.url),
  ports.map((port, index) => ({
    NAME: `replica-${index + 1}`,
    PORT: String(port),
    PEERS: ports.map((each) => `127.0.0.1:${each}`).join(','),
    ADMIN_PASSWORD: PASSWORD,
  })),
  async ([one]) => {
    await eventually(
      'a message reaches the other replica',
      () => one!.call<{ heard: number }>('GET', '/hello'),
      ({ heard }) => heard === 1,
    );
    for (const path of ['', '/api/cloud', '/api/events']) {
      await eventually(
        `/cloud${path} is for who has the password`,
        async () => (await ask(ports[0]!, path)).status,
        (status) => status === 401,
      );
    }
    await eventually(
      'the page is there',
      async () => (await ask(ports[0]!, '', PASSWORD)).status,
      (status) => status === 200,
    );
    for (const port of ports) {
      await eventually(
        'each replica shows both, with what they say of themselves',
        async () => {
          const { text } = await ask(port, '/api/cloud', PASSWORD);
          const { members } = JSON.parse(text) as CloudView;
          return members
            .map(({ name, report }) => `${name}: ${report?.version}`)
            .sort();
        },
        (members) =>
          members.length === 2 &&
          members.every((each, at) => each.startsWith(`replica-${at + 1}: 0`)),
      );
    }
  },
);
