import {
  measureFigures,
  type FigureOptions,
} from '../../simulation/figures.js';
import { figuresTable } from '../../simulation/report/figures-table.js';
import { byAmount } from '../support/amount.js';
import { REAL_TIMEOUT } from './simulated.js';

const options: FigureOptions = {
  peers: byAmount({ quick: 8, slow: 25, long: 25 }),
  minutes: byAmount({ quick: 0.2, slow: 1, long: 1 }),
  loss: 0.05,
  stalled: byAmount({ quick: 0.2, slow: 0.05, long: 0.05 }),
  seed: 5,
  bodies: 'share',
};

const tableFor = async (change: Partial<FigureOptions> = {}) =>
  figuresTable(await measureFigures({ ...options, ...change }));

describe('the simulator', { timeout: REAL_TIMEOUT }, () => {
  let table: string;

  beforeAll(async () => {
    table = await tableFor();
  }, REAL_TIMEOUT);

  it('prints another table for another seed', async () => {
    expect(await tableFor({ seed: 6 })).not.toBe(table);
  });

  it('prints the same table for the same seed, with copies of bodies too: no core changes what it received', async () => {
    expect(await tableFor({ bodies: 'copy' })).toBe(table);
  });
});
