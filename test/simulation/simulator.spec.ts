import {
  measureFigures,
  type FigureOptions,
} from '../../simulation/figures.js';
import { REAL_TIMEOUT } from './simulated.js';
import { figuresTable } from '../../simulation/report/figures-table.js';

const options: FigureOptions = {
  peers: 25,
  minutes: 1,
  loss: 0.05,
  stalled: 0.05,
  seed: 5,
};

const tableFor = async (change: Partial<FigureOptions> = {}) =>
  figuresTable(await measureFigures({ ...options, ...change }));

describe('the simulator', { timeout: REAL_TIMEOUT }, () => {
  it('prints the same table for the same seed', async () => {
    expect(await tableFor()).toBe(await tableFor());
  });

  it('prints another table for another seed', async () => {
    expect(await tableFor({ seed: 6 })).not.toBe(await tableFor());
  });

  it('may share bodies: no core changes what it received', async () => {
    expect(await tableFor({ bodies: 'copy' })).toBe(
      await tableFor({ bodies: 'share' }),
    );
  });
});
