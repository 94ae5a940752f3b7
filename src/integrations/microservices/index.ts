export {
  MicroserviceError,
  type MicroserviceErrorCode,
} from './microservice.error.js';
export {
  PeerCloudClientsModule,
  PeerCloudMicroservicesModule,
  type PeerCloudClientOptions,
} from './microservices.module.js';
export { PeerCloudClient } from './peer-cloud.client.js';
export { PeerCloudContext } from './peer-cloud.context.js';
export {
  PeerCloudRecord,
  type PeerCloudCallOptions,
  type PeerCloudTarget,
} from './peer-cloud.record.js';
export { PEER_CLOUD_TRANSPORT, PeerCloudServer } from './peer-cloud.server.js';
