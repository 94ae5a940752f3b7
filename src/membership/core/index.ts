/** Who is in the cloud: the core that knows no framework, network, clock or chance but what it is given. */
export {
  type Clock,
  type Random,
  systemClock,
  systemRandom,
} from './environment.js';
export {
  isCloudName,
  isFeatureList,
  isSignature,
  readIncarnation,
} from './member-list/index.js';
export { MembershipCore } from './membership-core.js';
export type {
  CoreLogger,
  LeaveReason,
  Member,
  MembershipEvent,
  ProbeNotice,
  RefusedJoin,
  RequestOrigin,
  SelfDescription,
} from './membership.types.js';
export {
  MAX_CLOUD_LENGTH,
  MAX_CONTROL_BYTES,
  MAX_GOSSIP_BYTES,
  MAX_FEATURES,
  MAX_SIGNATURE_LENGTH,
  type MembershipOptions,
  type MembershipParameters,
  type MembershipProfileName,
  type ResolvedMembershipOptions,
} from './options/membership.options.js';
