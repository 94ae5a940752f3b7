import { setTimeout as sleep } from 'node:timers/promises';

/** Ms between two looks. */
const LOOK_AGAIN = 20;

/** Waits at a shutdown until nothing is under way any more, or for so many ms. */
export async function untilIdle(
  isBusy: () => boolean,
  timeout: number,
): Promise<void> {
  const end = performance.now() + timeout;
  while (isBusy() && performance.now() < end) {
    await sleep(LOOK_AGAIN);
  }
}
