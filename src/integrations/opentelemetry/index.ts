export { PeerCloudTelemetryModule } from './telemetry.module.js';
