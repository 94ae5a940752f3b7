import { FLOOR_ROWS } from './floor-rows.js';

/** The program that `measureRow` starts: measures one row with one seed and tells its parent. */

const [name, seed] = process.argv.slice(2);
const row = FLOOR_ROWS.find((each) => each.name === name)!;
process.send!(await row.measure(Number(seed)));
