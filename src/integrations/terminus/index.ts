export {
  PeerCloudHealthIndicator,
  type PeerCloudHealthOptions,
} from './peer-cloud.health-indicator.js';
