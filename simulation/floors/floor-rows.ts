import { warmCloud } from '../cloud/warm-cloud.js';
import { count, duration, percent } from '../report/format.js';
import { churn } from '../scenarios/churn.js';
import { detection } from '../scenarios/detection.js';
import { partAndHeal } from '../scenarios/halves.js';
import { joinStorm } from '../scenarios/join-storm.js';
import { loadAtRest } from '../scenarios/load.js';
import { joinSpread } from '../scenarios/spread.js';
import { floorRow, type Floor, type FloorRow } from './floor.js';

const SECOND = 1000;

/** A time that must hold in the median. */
const time = (what: string, seconds: number): Floor => ({
  what,
  limit: seconds * SECOND,
  format: duration,
  over: 'median',
});

/** How soon 99 % of a cloud know of a join. */
const joinRow = (
  name: string,
  peers: number,
  loss: number,
  seconds: number,
): FloorRow =>
  floorRow({
    name,
    floors: {
      most: time(
        `${count(peers)} peers, ${percent(loss)} loss: a join known to 99 %`,
        seconds,
      ),
    },
    async measure(seed) {
      const cloud = await warmCloud({ seed, loss }, peers);
      const { most } = await joinSpread(cloud, 3);
      return { most };
    },
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
      return { all };
    },
  });

const restLoad = async (seed: number, peers: number) =>
  (await loadAtRest(await warmCloud({ seed }, peers), 60 * SECOND)).requests;

/** What must hold, with the default profile. */
export const FLOOR_ROWS: readonly FloorRow[] = [
  joinRow('join', 1000, 0, 2),
  joinRow('join-loss', 1000, 0.25, 3),
  joinRow('join-large', 5000, 0.05, 3),
  floorRow({
    name: 'rest',
    floors: {
      ratio: {
        what: 'requests each peer and second at rest, 5,000 against 100 peers',
        limit: 1.2,
        format: (value) => value.toFixed(2),
        over: 'median',
      },
    },
    async measure(seed) {
      const large = await restLoad(seed, 5000);
      return { ratio: large / (await restLoad(seed, 100)) };
    },
  }),
  floorRow({
    name: 'hour',
    floors: {
      dead: {
        what: '1,000 peers, 5 % loss, 1 % stalled, an hour: healthy peers declared dead',
        limit: 0,
        format: count,
        over: 'worst',
      },
      soon: {
        what: '… stalled peers declared dead that 2 % of the lists or more lack 5 s after waking, share',
        limit: 0.02,
        format: percent,
        over: 'median',
      },
      late: {
        what: '… of those, missing in any list after 40 s',
        limit: 0,
        format: count,
        over: 'worst',
      },
      requests: {
        what: '… requests each peer and second',
        limit: 20,
        format: count,
        over: 'median',
      },
    },
    async measure(seed) {
      const cloud = await warmCloud({ seed, loss: 0.05 }, 1000);
      const { declaredDead, returns, load } = await churn(cloud, 0.01, 60);
      return {
        dead: declaredDead,
        soon:
          returns.filter(({ soon }) => soon < 0.98).length /
          Math.max(1, returns.length),
        late: returns.filter((each) => each.late < 1).length,
        requests: load.requests,
      };
    },
  }),
  detectionRow('crash', 'crash', 'a crash (connections refused)', 3),
  detectionRow('vanish', 'vanish', 'a vanished host', 15),
  floorRow({
    name: 'halves',
    floors: {
      healed: time('halves of 100 parted for 10 minutes: one cloud again', 60),
    },
    async measure(seed) {
      const cloud = await warmCloud({ seed }, 100);
      const { healed } = await partAndHeal(cloud, 10);
      return { healed };
    },
  }),
  floorRow({
    name: 'storm',
    floors: { equal: time('300 joins through one seed: lists equal', 15) },
    async measure(seed) {
      const { equal } = await joinStorm({ seed }, 300);
      return { equal };
    },
  }),
];
