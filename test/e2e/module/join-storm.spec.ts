import { closeLightJoiners, LightJoiner } from './support/light-joiner.js';
import { closePeers, listOf, startPeer } from './support/peer-app.js';

const JOINERS = 300;

afterEach(async () => {
  await closePeers();
  await closeLightJoiners();
});

/** More at once than `limits.maxConcurrentJoins`, which is 256: who is refused for now tries again. */
it('lets hundreds in through one seed that join at the same moment', async () => {
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  // Nobody is through before one is too many, however slow the machine is.
  const authorize = () => held.then(() => true);
  const seed = await startPeer({
    options: { healthCheck: false, security: { authorize } },
  });
  const joiners = Array.from(
    { length: JOINERS },
    (_, index) => new LightJoiner(`joiner-${index}`, release),
  );
  await Promise.all(joiners.map((joiner) => joiner.listen()));
  await Promise.all(joiners.map((joiner) => joiner.join(seed)));

  const statuses = new Set(joiners.flatMap((joiner) => joiner.statuses));
  expect(statuses).toEqual(new Set([200, 429]));
  const ids = [seed.membership.self.id, ...joiners.map(({ id }) => id)];
  expect(listOf(seed)).toEqual(ids.sort());
  const longest = Math.max(
    ...joiners.map(({ answer }) => (answer.peers as unknown[]).length),
  );
  expect(longest).toBe(JOINERS - 1);
}, 120_000);
