const { partitionAndKill } = require('./partition-and-kill.cjs');

// Before Node 24.9, jest has no require() of the ESM that Nest 12 is; import() it has everywhere.
partitionAndKill(async () => {
  await import('reflect-metadata');
  return {
    ...(await import('@nestjs/common')),
    ...(await import('nestjs-peercloud')),
    ...(await import('nestjs-peercloud/testing')),
  };
});
