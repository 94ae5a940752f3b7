import { disagreement } from '../../simulation/cloud/agreement.js';
import type { SimulatedCloud } from '../../simulation/cloud/simulated-cloud.js';
import type { SimulatedPeer } from '../../simulation/cloud/simulated-peer.js';
import { warmCloud } from '../../simulation/cloud/warm-cloud.js';
import type { Figures } from '../../simulation/figures.js';
import { floorRow } from '../../simulation/floors/floor.js';
import { always, number, time } from '../../simulation/floors/limits.js';
import { judge } from '../../simulation/floors/verdict.js';
import { flawsOf } from '../../simulation/report/flaws.js';
import { churn } from '../../simulation/scenarios/churn.js';
import { Verdicts } from '../../simulation/scenarios/verdicts.js';
import { REAL_TIMEOUT } from './simulated.js';

/** Cuts a healthy peer off from all others. */
function cutOff({ peers, network }: SimulatedCloud): SimulatedPeer {
  const [victim, ...rest] = peers;
  network.links.part(
    [victim!.ip],
    rest.map(({ ip }) => ip),
  );
  return victim!;
}

/** A simulator that cannot see what is wrong would find everything right. */
describe('the simulator', { timeout: REAL_TIMEOUT }, () => {
  it('counts healthy peers that are suspected and declared dead', async () => {
    const cloud = await warmCloud({ seed: 3 }, 10);
    const verdicts = new Verdicts(cloud);
    const victim = cutOff(cloud);
    await cloud.clock.runUntil(() => verdicts.declaredDead.length > 0, {
      timeout: 120_000,
      every: 100,
    });
    expect(verdicts.declaredDead[0]?.peer).toBe(victim);
    expect(verdicts.suspected).toBeGreaterThan(0);
  });

  it('does not count those that are stalled, or have really gone', async () => {
    const cloud = await warmCloud({ seed: 3 }, 10);
    const verdicts = new Verdicts(cloud);
    const [stalled, crashed] = cloud.peers;
    stalled!.stall();
    crashed!.crash();
    const dropped = () =>
      cloud.healthy.every(
        ({ core }) => !core.get(stalled!.id) && !core.get(crashed!.id),
      );
    await cloud.clock.runUntil(dropped, { timeout: 120_000, every: 100 });
    expect(dropped()).toBe(true);
    expect(verdicts.declaredDead).toEqual([]);
    expect(verdicts.takeEvicted(stalled!)).toBe(true);
    expect(verdicts.takeEvicted(crashed!)).toBe(false);
  });

  it('finds a flaw in a cloud that a peer was cut off from', async () => {
    const cloud = await warmCloud({ seed: 3 }, 10);
    cutOff(cloud);
    expect(flawsOf({ churn: await churn(cloud, 0, 1) })).toEqual([
      expect.stringMatching(/^healthy peers declared dead: [1-9]/),
      expect.stringMatching(/^lists in the end: .* has \d members, not 9$/),
    ]);
  });

  it('sees an address and data that are not the member’s own', async () => {
    const cloud = await warmCloud({ seed: 3 }, 5);
    expect(disagreement(cloud)).toBeUndefined();
    const { core, ip } = cloud.peers[2]!;
    const self = vi.spyOn(core, 'self', 'get');
    self.mockReturnValue({ ...core.self, data: { name: 'another' } });
    expect(disagreement(cloud)).toContain(`has other data of ${ip}`);
    self.mockRestore();
    cloud.peers[2]!.options.port++;
    expect(disagreement(cloud)).toContain(`has ${ip}`);
  });

  it('finds updates that did not reach everybody, faults without an end, and errors', () => {
    const join = { curves: [[1, 2, Infinity]] };
    const faults = {
      halves: { parted: 1, healed: Infinity },
      deaf: 1,
      restarts: 1,
    };
    expect(
      flawsOf({ join, faults, errors: [new Error('x')] } as unknown as Figures),
    ).toEqual([
      'not everybody learned of a join',
      'lists never right after a partition',
      expect.stringMatching(/^cores threw; the first: Error: x/),
    ]);
    expect(flawsOf({})).toEqual([]);
  });
});

describe('a row of what must hold', () => {
  const row = floorRow({
    name: 'row',
    floors: {
      median: time('a median', 2),
      worst: always('a worst', 0),
      reported: number('reported only', Infinity),
    },
    measure: () => Promise.reject(new Error('not called')),
  });
  const values = (median: number, worst: number) => ({
    median,
    worst,
    reported: 7,
  });

  it('holds by the median, and with each seed where that is asked', () => {
    const bySeed = [values(9000, 0), values(1000, 0), values(2000, 0)];
    const { sound, lines } = judge(row, bySeed, 201);
    expect(sound).toBe(true);
    expect(lines).toEqual([
      ['row', 'a median', '2.00 s', '2.00 s', 'holds'],
      ['row', 'a worst', '0', '0', 'holds'],
      ['row', 'reported only', '-', '7', '-'],
    ]);
  });

  it('fails with the seeds that repeat it', () => {
    const bySeed = [values(9000, 0), values(1000, 1), values(2001, 0)];
    const { sound, lines } = judge(row, bySeed, 201);
    expect(sound).toBe(false);
    expect(lines.map((line) => line.at(-1))).toEqual([
      'FAILS, seeds 201, 203',
      'FAILS, seeds 202',
      '-',
    ]);
  });
});
