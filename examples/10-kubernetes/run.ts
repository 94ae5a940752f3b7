import { eventually, freePorts } from '../support/replicas.js';
import { deploymentOf, readManifests } from './manifests.js';
import { Pod } from './pod.js';

/** What deploy/kubernetes says, with processes in place of pods: a rolling update under load. */
const { spec } = deploymentOf(readManifests('deploy/kubernetes/app.yaml'));
const { terminationGracePeriodSeconds, containers } = spec.template.spec;
const container = containers[0]!;

// Every pod has these ports on an address of its own.
const [PORT, PEER_PORT] = (await freePorts(2)).map(String) as [string, string];
const addresses = Array.from(
  { length: 2 * spec.replicas },
  (_, index) => `127.0.9.${index + 1}`,
);
const env = {
  ...Object.fromEntries(
    container.env.map(({ name, value = '' }) => [name, value]),
  ),
  PORT,
  PEER_PORT,
  // What the headless service's name resolves to, the ones that are gone included.
  PEERS: addresses.map((address) => `${address}:${PEER_PORT}`).join(),
  PEER_SECRET: 'a secret of this example, long enough for it',
};

const pods: Pod[] = [];
/** Those that the service sends requests to. */
const endpoints = new Set<Pod>();

async function start(): Promise<Pod> {
  const address = addresses[pods.length]!;
  const program = new URL('./src/main.js', import.meta.url);
  const pod = new Pod(program, address, container, env);
  pods.push(pod);
  await eventually(
    `${address} is ready`,
    () => pod.isReady(),
    (isReady) => isReady,
  );
  endpoints.add(pod);
  return pod;
}

const load = { requests: 0, replies: 0, failures: [] as string[], ends: false };

async function keepAsking(): Promise<void> {
  for (let turn = 0; !load.ends; turn++) {
    const pod = [...endpoints][turn % endpoints.size]!;
    const answer = await pod.get('/hello').catch((error: Error) => error);
    load.requests++;
    if (answer instanceof Error || !answer.ok) {
      const reason = answer instanceof Error ? answer.message : answer.status;
      load.failures.push(`${pod.ip}: ${reason}`);
    } else {
      const { replies, errors } = (await answer.json()) as {
        replies: number;
        errors: string[];
      };
      load.replies += replies;
      load.failures.push(...errors.map((error) => `${pod.ip}: ${error}`));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

try {
  const old = await Promise.all(Array.from({ length: spec.replicas }, start));
  await eventually(
    'each hears the others',
    () => repliesAt(old[0]!),
    (replies) => replies === spec.replicas - 1,
  );
  const asking = keepAsking();
  for (const pod of old) {
    // maxSurge: 1, maxUnavailable: 0.
    await start();
    endpoints.delete(pod);
    const end = await pod.terminate(terminationGracePeriodSeconds);
    // Nest runs the hooks, then lets the signal do what it would have done.
    if (end !== 'SIGTERM') {
      throw new Error(`${pod.ip} ended with ${end}`);
    }
    console.log(`ok   ${pod.ip} has left`);
  }
  load.ends = true;
  await asking;
  for (const pod of endpoints) {
    await eventually(
      `${pod.ip} hears the others`,
      () => repliesAt(pod),
      (replies) => replies === spec.replicas - 1,
    );
    if (!(await pod.isAlive())) {
      throw new Error(`${pod.ip} does not pass its liveness probe`);
    }
  }
  console.log(
    `ok   ${load.requests} requests and ${load.replies} replies during the update, ${load.failures.length} failed`,
  );
  if (load.failures.length > 0) {
    throw new Error(load.failures.slice(0, 10).join('\n'));
  }
} catch (error) {
  pods.forEach(({ log }) => console.error(log));
  throw error;
} finally {
  pods.forEach((pod) => pod.kill());
}

async function repliesAt(pod: Pod): Promise<number> {
  const answer = await pod.get('/hello');
  return ((await answer.json()) as { replies: number }).replies;
}
