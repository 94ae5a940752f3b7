import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Findings } from '../runner/findings.js';
import { chart } from './chart.js';
import {
  CHECKED_FLOORS,
  FLOORS,
  hasFailed,
  isFarFrom,
  judge,
} from './floors.js';
import { report } from './report.js';

/** Where the report of a full run goes, and that of any other. */
const FOLDER = {
  full: 'bench',
  quick: '.build/bench',
  partial: '.build/bench',
};

/** How many times worse than a floor a check may be: it is short, and the machine has other things to do. */
const MARGIN = 2;

/**
 * Shows and writes the report. The exit code of a full run tells whether all floors are met, that of a check
 * whether those of the stream lane could be measured, and are missed by no more than a margin.
 */
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
  if (options.check) {
    const missed = CHECKED_FLOORS.filter((floor) =>
      isFarFrom(floor, samples, MARGIN),
    );
    for (const { what, against } of missed) {
      console.log(`missed by more than ${MARGIN} times: ${what}, ${against}`);
    }
    const failed = CHECKED_FLOORS.filter((floor) => hasFailed(floor, samples));
    for (const { what, against } of failed) {
      console.log(`not measured, for its errors: ${what}, ${against}`);
    }
    return missed.length + failed.length === 0 ? 0 : 1;
  }
  const met = FLOORS.every((floor) => judge(floor, samples).verdict === 'met');
  return met || options.kind !== 'full' ? 0 : 1;
}
