import { parseArgs } from 'node:util';
import { VirtualCloud } from '../src/integrations/schedule/testing-support/virtual-cloud.js';

/** An hour of jobs in a large cloud whose peers come, go and stand still: `npm run simulate:jobs`. */

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    /** Seconds between two blows. */
    every: { type: 'string', default: '10' },
  },
});
const peers = Number(values.peers);
const minutes = Number(values.minutes);
const every = Number(values.every) * 1_000;
const MINUTE = 60_000;

type Blow = (cloud: VirtualCloud, id: string) => void;

const BLOWS: Record<string, Blow> = {
  'kill -9': (cloud, id) => cloud.kill(id),
  goodbye: (cloud, id) => void cloud.leave(id),
  'blocked for 2.5 s': (cloud, id) => cloud.stall(id, 2_500),
  'stopped for 20 s': (cloud, id) => cloud.stall(id, 20_000),
};

const names = Array.from(
  { length: Number(values.jobs) },
  (_, at) => `job ${at}`,
);
const cloud = new VirtualCloud(
  names.map((name) => ({ name, every: MINUTE, takes: 1_000 })),
  Number(values.seed),
);
const started = performance.now();
await cloud.startMany(peers);
const from = cloud.clock.monotonic();
const counts = new Map<string, number>();
const kinds = Object.keys(BLOWS);
const owners = (): string[] =>
  names.map((name) => cloud.rank(name, (id) => cloud.peers.has(id), 1)[0]!);
while (cloud.clock.monotonic() - from < minutes * MINUTE) {
  const kind = kinds[cloud.random.uint32() % kinds.length]!;
  // Owners alone: what happens to others is nobody's loss.
  const candidates = owners();
  const id = candidates[cloud.random.uint32() % candidates.length]!;
  BLOWS[kind]!(cloud, id);
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (cloud.peers.size < peers) {
    cloud.start({ skew: (cloud.random.uint32() % 1_000) - 500 });
  }
  await cloud.clock.run(every / 2 + (cloud.random.uint32() % every));
}
const to = cloud.clock.monotonic() - MINUTE;
let lost = 0;
let double = 0;
let total = 0;
for (const name of names) {
  const verdict = cloud.verdict(name, MINUTE, from, to);
  lost += verdict.lost.length;
  double += verdict.double.length;
  total += verdict.total;
}
const blows = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
process.stdout.write(
  [
    `${peers} peers, ${names.length} jobs, ${minutes} minutes, seed ${values.seed}`,
    `of owners: ${blows}`,
    `${total} occurrences, ${lost} lost, ${double} run twice, ${cloud.takenOver} taken over`,
    `${Math.round(cloud.carried / total)} messages for each occurrence, the peers' greetings included`,
    `${Math.round((performance.now() - started) / 1000)} s of real time`,
    '',
  ].join('\n'),
);
