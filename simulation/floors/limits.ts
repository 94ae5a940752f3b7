import { count, duration } from '../report/format.js';
import type { Floor } from './floor.js';

/** A time that must hold in the median; without a limit it is reported only. */
export const time = (what: string, seconds = Infinity): Floor => ({
  what,
  limit: seconds * 1000,
  format: duration,
  over: 'median',
});

/** A number that must hold in the median. */
export const number = (what: string, limit: number): Floor => ({
  what,
  limit,
  format: count,
  over: 'median',
});

/** A number that must hold with each seed. */
export const always = (what: string, limit: number): Floor => ({
  ...number(what, limit),
  over: 'worst',
});
