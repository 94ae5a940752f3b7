/** Who is in the cloud: the list, the one rule that merges updates, and what is remembered of members that are gone. */
export { bucketOf, DIGEST_BUCKETS, MIN_DIGEST_BUCKETS } from './list-digest.js';
export { ListRoom } from './list-room.js';
export {
  type ChangeOrigin,
  type MemberAdded,
  type MemberChange,
  type MemberChanged,
  type MemberListEvents,
  type MemberRemoved,
  type StateUpdate,
  type UpdateSource,
  overrides,
  type Version,
} from './member-change.js';
export { MemberList } from './member-list.js';
export {
  changeRecord,
  isCloudName,
  isCredibleIncarnation,
  leadOf,
  isFeatureList,
  isLegacy,
  isSignature,
  makeRecord,
  readFeatures,
  readIncarnation,
  readPeerInfo,
  speaks,
  toLegacyInfo,
  toPeerInfo,
  type MemberRecord,
} from './member-record.js';
export { SelfRecord } from './self-record.js';
export { Tombstones } from './tombstones.js';
