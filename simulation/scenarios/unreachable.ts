import type { SimulatedCloud } from '../cloud/simulated-cloud.js';

/** Ms after which a peer that nobody reaches, and that is on a list still, is given up. */
const PATIENCE = 5 * 60_000;

/** Ms for which it is watched then: it must not come back while nobody reaches it. */
const AFTERWARDS = 60_000;

/** How often the lists are looked at, in ms. */
const LOOK = 100;

/** What a cloud made of a peer that others cannot call, while its own calls and their answers get through. */
export interface Unreachable {
  /** Ms until it was on no other list. */
  off: number;
  /** Looks at the lists in the minute after that in which it was on one again. */
  returns: number;
  /** Ms until all lists were the same again, once it could be called. */
  back: number;
}

/** Makes one peer unreachable, as a firewall does that drops what would open a connection to it. */
export async function unreachable(cloud: SimulatedCloud): Promise<Unreachable> {
  const { clock, network } = cloud;
  // The moment within the probe interval matters.
  await clock.run(cloud.random.next() * 1000);
  const victim = cloud.pick();
  const others = cloud.running.filter((peer) => peer !== victim);
  const isOff = () => others.every(({ core }) => !core.get(victim.id));
  const isBack = () =>
    others.every(({ core }) => core.get(victim.id)) &&
    victim.core.members().length === others.length;
  const within = async (condition: () => boolean) => {
    const start = clock.monotonic();
    await clock.runUntil(condition, { timeout: PATIENCE, every: LOOK });
    return condition() ? clock.monotonic() - start : Infinity;
  };
  const heal = network.links.bar(
    others.map(({ ip }) => ip),
    [victim.ip],
  );
  const off = await within(isOff);
  let returns = 0;
  for (let ms = 0; ms < AFTERWARDS; ms += LOOK) {
    await clock.run(LOOK);
    returns += isOff() ? 0 : 1;
  }
  heal();
  return { off, returns, back: await within(isBack) };
}
