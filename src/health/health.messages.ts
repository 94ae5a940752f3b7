/** Texts that operators and developers meet, in one place. */

export const checksOff =
  'health checks are off: crashed peers stay on the list until another peer reports them';

export const checksEvery = (interval: number): string =>
  `checking a member every ${interval / 1000} s`;

export const notAPeer =
  'HealthCheckService.check() takes a Peer or its id. For health indicators, import HealthCheckService from @nestjs/terminus instead of nestjs-peercloud';

export const checkFailed = 'a health check failed unexpectedly';
