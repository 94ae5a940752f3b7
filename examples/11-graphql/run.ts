import { eventually, freePorts, withReplicas } from '../support/replicas.js';

const ports = await freePorts(2);

await withReplicas(
  new URL('./src/main.js', import.meta.url),
  ports.map((port, index) => ({
    NAME: `replica-${index + 1}`,
    PORT: String(port),
    PEERS: ports.map((each) => `127.0.0.1:${each}`).join(','),
  })),
  async ([one, two]) => {
    await eventually(
      'both replicas are up',
      () =>
        Promise.all(
          [one!, two!].map((replica) =>
            replica.call<object>('POST', '/graphql', {
              query: '{ ready }',
            }),
          ),
        ),
      (answers) => answers.length === 2,
    );
    const heard = subscribe(ports[0]!);
    let price = 0;
    await eventually(
      'a subscription at one replica hears of a change at the other',
      async () => {
        price++;
        const query = `mutation { setPrice(item: "tea", price: ${price}) { price } }`;
        await two!.call('POST', '/graphql', { query });
        return heard.events;
      },
      (events) => events.some((each) => each.includes('"item":"tea"')),
    );
    await heard.end();
  },
);

/** Subscribes at a replica; `events` grows as they come. */
function subscribe(port: number) {
  const abort = new AbortController();
  const events: string[] = [];
  const reading = (async () => {
    const { body } = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({
        query: 'subscription { priceChanged { item price } }',
      }),
      signal: abort.signal,
    });
    const decoder = new TextDecoder();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      const lines = decoder.decode(chunk).split('\n');
      events.push(...lines.filter((line) => line.startsWith('data: {')));
    }
  })().catch((error: Error) => {
    if (error.name !== 'AbortError') {
      throw error;
    }
  });
  return {
    events,
    end() {
      abort.abort();
      return reading;
    },
  };
}
