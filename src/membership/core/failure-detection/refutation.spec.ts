import { addFake, makeCloud } from '../testing-support/checked-cloud.js';

/** A peer that hears from the answers to its own checks that it is suspected. */
async function suspected() {
  const { cloud, a, others } = await makeCloud(['b', 'c']);
  const f = await addFake(cloud, a, 'f');
  const { incarnation } = a.core.self;
  const update = { id: 'a', incarnation, state: 'suspect', by: 'f' };
  f.status = { ext: { updates: [update] } };
  await cloud.clock.run(10_000);
  const hear = () => cloud.clock.complete(a.core.check('f'));
  const reach = () => cloud.clock.complete(others.b!.core.check('a'));
  const raised = () => a.core.self.incarnation - incarnation;
  return { cloud, a, hear, reach, raised };
}

describe('a peer that is suspected', () => {
  it('contradicts at once where others reach it', async () => {
    const { hear, reach, raised } = await suspected();
    await reach();
    await hear();
    expect(raised()).toBe(1);
  });

  it('waits for a request of another one where none has come for a while', async () => {
    const { cloud, a, hear, reach, raised } = await suspected();
    await hear();
    await hear();
    expect(raised()).toBe(0);
    await reach();
    expect(raised()).toBe(1);
    await cloud.clock.run(10_000);
    expect(a.log.join()).not.toContain('suspect');
  });

  it('says in its log what keeps the others from it', async () => {
    const { cloud, a, hear, raised } = await suspected();
    await hear();
    await cloud.clock.run(10_000);
    expect(raised()).toBe(0);
    expect(a.log.at(-1)).toContain(
      `nothing that they send arrives here: see what keeps connections from ${a.address.ip}:9338`,
    );
  });

  it('has nothing to contradict once it is stopped', async () => {
    const { cloud, a, hear } = await suspected();
    await hear();
    a.core.stop();
    await cloud.clock.run(10_000);
    expect(a.log.join()).not.toContain('suspect');
  });
});
