import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Findings } from '../runner/findings.js';
import { chart } from './chart.js';
import { FLOORS, judge } from './floors.js';
import { report } from './report.js';

/** Where the report of a full run goes, and that of any other. */
const FOLDER = {
  full: 'bench',
  quick: '.build/bench',
  partial: '.build/bench',
};

/** Shows and writes the report; the exit code of a full run tells whether all floors are met. */
export async function publish(
  findings: Findings,
  plot: boolean,
): Promise<number> {
  const { options, samples } = findings;
  const folder = FOLDER[options.kind];
  const text = report(findings);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'results.md'), text);
  if (plot) {
    await writeFile(join(folder, 'results.svg'), await chart(findings));
  }
  console.log(`\n${text}`);
  const met = FLOORS.every((floor) => judge(floor, samples).verdict === 'met');
  return met || options.kind !== 'full' ? 0 : 1;
}
