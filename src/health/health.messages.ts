/** Texts that operators and developers meet, in one place. */

export const checksOff =
  'health checks are off: crashed peers stay on the list until another peer reports them';

export const checksEvery = (interval: number): string =>
  `checking a member every ${interval / 1000} s`;

export const checkFailed = 'a health check failed unexpectedly';
