/**
 * Waits until a condition holds.
 *
 * @param patience ms until it is given up
 * @param problem what to say then
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  patience: number,
  problem: () => string,
): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(problem());
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
