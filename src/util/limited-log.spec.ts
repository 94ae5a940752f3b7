import { LimitedLog } from './limited-log.js';

let now: number;
let lines: string[];
let log: LimitedLog;

beforeEach(() => {
  now = 0;
  lines = [];
  log = new LimitedLog({ warn: (message) => lines.push(message) }, () => now);
});

it('writes one line in ten seconds about a cause, and how many it held back', () => {
  for (let at = 0; at < 3; at++) {
    log.warn('refused', 'bad signature');
  }
  log.warn('refused', 'unknown key');
  now += 10_000;
  log.warn('refused', 'bad signature');
  expect(lines).toEqual([
    'refused: bad signature',
    'refused: unknown key',
    'refused: bad signature; 2 more of these before',
  ]);
});

it('is not silenced for good by somebody who provokes many causes', () => {
  for (let status = 100; status < 600; status++) {
    log.warn('no answer', `its status ${status} is not signed`);
  }
  expect(lines).toHaveLength(64);
  log.warn('refused', 'bad signature');
  expect(lines).toHaveLength(64);
  now += 10_000;
  log.warn('refused', 'bad signature');
  expect(lines.at(-1)).toBe('refused: bad signature');
});
