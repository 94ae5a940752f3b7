import { PeerCloudModule } from 'nestjs-peercloud';
import { startApp } from './support/start-app.js';

export default () =>
  startApp(
    PeerCloudModule.forRoot({ listener: { port: 0, host: '127.0.0.1' } }),
  );
