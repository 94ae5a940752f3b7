export type {
  CloudFence,
  FenceLease,
  FenceRequest,
} from './cloud-fence.interface.js';
export { FenceError, type FenceErrorCode } from './fence.error.js';
export {
  PostgresFence,
  type PostgresFenceOptions,
  type PostgresPool,
} from './postgres.fence.js';
export {
  RedisFence,
  type IoRedisClient,
  type NodeRedisClient,
  type RedisFenceOptions,
} from './redis.fence.js';
export { NatsFence, type NatsKv, type NatsKvEntry } from './nats.fence.js';
