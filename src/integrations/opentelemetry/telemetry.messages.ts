export const noPeerCloud =
  'PeerCloudTelemetryModule needs the cloud: import PeerCloudModule.forRoot() as well.';

export const noSdk =
  'no SDK of OpenTelemetry is registered: nothing is traced or measured. Start it before the app, as by node --import';
