import type { SimulatedCloud } from '../cloud/simulated-cloud.js';
import { warmCloud } from '../cloud/warm-cloud.js';
import { bytes, count, percent } from '../report/format.js';
import { churn } from '../scenarios/churn.js';
import { detection } from '../scenarios/detection.js';
import { partAndHeal } from '../scenarios/halves.js';
import { joinStorm } from '../scenarios/join-storm.js';
import { loadFor, loadUnderStalls } from '../scenarios/load.js';
import { joinSpread } from '../scenarios/spread.js';
import { unreachable } from '../scenarios/unreachable.js';
import { quantile } from '../statistics.js';
import { floorRow, type Floor, type FloorRow } from './floor.js';
import { always, number, time } from './limits.js';

const SECOND = 1000;

/** No core may have thrown, whatever the figures are. */
function expectSound({ network }: SimulatedCloud): void {
  if (network.errors.length > 0) {
    throw new Error('a core threw', { cause: network.errors[0] });
  }
}

/** How soon 99 % of a cloud know of a join, from the start of the peer that joins. */
const joinFloors = (
  peers: number,
  loss: number,
  seconds: number,
): Record<'most' | 'admitted', Floor> => ({
  most: time(
    `${count(peers)} peers, ${percent(loss)} loss: a join known to 99 %`,
    seconds,
  ),
  admitted: time('… to the first'),
});

async function measureJoin(seed: number, peers: number, loss: number) {
  const cloud = await warmCloud({ seed, loss }, peers);
  const { most, admitted } = await joinSpread(cloud, 3);
  expectSound(cloud);
  return { most, admitted, minutes: cloud.clock.monotonic() / 60_000 };
}

const joinRow = (
  name: string,
  peers: number,
  loss: number,
  seconds: number,
): FloorRow =>
  floorRow({
    name,
    floors: joinFloors(peers, loss, seconds),
    measure: (seed) => measureJoin(seed, peers, loss),
  });

const detectionRow = (
  name: string,
  ending: 'crash' | 'vanish',
  what: string,
  seconds: number,
): FloorRow =>
  floorRow({
    name,
    floors: { all: time(`100 peers: ${what} known to all`, seconds) },
    async measure(seed) {
      const cloud = await warmCloud({ seed }, 100);
      const { all } = await detection(cloud, ending, 7);
      expectSound(cloud);
      return { all };
    },
  });

async function restLoad(seed: number, peers: number): Promise<number> {
  const cloud = await warmCloud({ seed }, peers);
  const { requests } = await loadFor(cloud, 60 * SECOND);
  expectSound(cloud);
  return requests;
}

async function churnLoad(seed: number, peers: number): Promise<number> {
  const cloud = await warmCloud({ seed, loss: 0.05 }, peers);
  const { requests } = await loadUnderStalls(cloud, 0.01, 20 * SECOND);
  expectSound(cloud);
  return requests;
}

/** What must hold, with the default profile. */
export const FLOOR_ROWS: readonly FloorRow[] = [
  joinRow('join', 1000, 0, 2),
  joinRow('join-loss', 1000, 0.25, 3),
  floorRow({
    name: 'join-large',
    floors: {
      ...joinFloors(5000, 0.05, 3),
      minute: time('… wall time of a virtual minute', 15 * 60),
      memory: {
        what: '… memory of the process',
        limit: 8 * 2 ** 30,
        format: bytes,
        over: 'worst',
      },
    },
    async measure(seed) {
      const start = performance.now();
      const { minutes, ...spread } = await measureJoin(seed, 5000, 0.05);
      return {
        ...spread,
        minute: (performance.now() - start) / minutes,
        memory: process.resourceUsage().maxRSS * 1024,
      };
    },
  }),
  floorRow({
    name: 'rest',
    floors: {
      ratio: number(
        'requests each peer and second at rest, 5,000 against 100 peers',
        1.2,
      ),
      large: number('… with 5 % loss, 1 % stalled, 5,000 peers', 20),
      small: number('… the same, 100 peers', 20),
    },
    async measure(seed) {
      const atRest = await restLoad(seed, 5000);
      return {
        ratio: atRest / (await restLoad(seed, 100)),
        large: await churnLoad(seed, 5000),
        small: await churnLoad(seed, 100),
      };
    },
  }),
  floorRow({
    name: 'hour',
    floors: {
      dead: always(
        '1,000 peers, 5 % loss, 1 % stalled, an hour: healthy peers declared dead',
        0,
      ),
      soon: {
        ...always('… lists without a peer 5 s after its waking, most', 0.02),
        format: percent,
      },
      late: always('… peers missing in any list 40 s after their waking', 0),
      wrong: always('… clouds whose lists are not right in the end', 0),
      requests: number('… requests each peer and second', 20),
    },
    async measure(seed) {
      const cloud = await warmCloud({ seed, loss: 0.05 }, 1000);
      const result = await churn(cloud, 0.01, 60);
      const { declaredDead, returns, load, disagreement } = result;
      expectSound(cloud);
      return {
        dead: declaredDead,
        soon:
          1 -
          quantile(
            returns.map(({ soon }) => soon),
            0,
          ),
        late: returns.filter(({ late }) => late < 1).length,
        wrong: disagreement === undefined ? 0 : 1,
        requests: load.requests,
      };
    },
  }),
  detectionRow('crash', 'crash', 'a crash (connections refused)', 3),
  detectionRow('vanish', 'vanish', 'a vanished host', 15),
  floorRow({
    name: 'unreachable',
    floors: {
      off: {
        ...time(
          '100 peers: one whose calls get through and that nobody can call is off all lists',
          20,
        ),
        over: 'worst',
      },
      returns: always('… looks in the next minute that find it on a list', 0),
      back: time('… once it can be called again: all lists right', 60),
    },
    async measure(seed) {
      const cloud = await warmCloud({ seed }, 100);
      const { off, returns, back } = await unreachable(cloud);
      expectSound(cloud);
      return { off, returns, back };
    },
  }),
  floorRow({
    name: 'halves',
    floors: {
      parted: time('100 peers parted into halves: each with its own list', 600),
      healed: time('… healed after 10 minutes: one cloud again', 60),
    },
    async measure(seed) {
      const cloud = await warmCloud({ seed }, 100);
      const { parted, healed } = await partAndHeal(cloud, 10);
      expectSound(cloud);
      return { parted, healed };
    },
  }),
  floorRow({
    name: 'storm',
    floors: { equal: time('300 joins through one seed: lists equal', 15) },
    async measure(seed) {
      const { equal, cloud } = await joinStorm({ seed }, 300);
      expectSound(cloud);
      return { equal };
    },
  }),
];
