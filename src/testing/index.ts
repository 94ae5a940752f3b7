export { createTestCloud, TestCloud, type AppIndexes } from './test-cloud.js';
export type {
  TestCloudModule,
  TestCloudOptions,
  TestPeerOptions,
} from './test-cloud.options.js';
export { TestCloudError, type TestCloudErrorCode } from './test-cloud.error.js';
export type { RecordedMessage } from './message-recorder.js';
