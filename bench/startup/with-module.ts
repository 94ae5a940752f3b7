import { PeerCloudModule } from 'nestjs-peercloud';
import { startApp } from './support/start-app.js';

export default () => startApp(PeerCloudModule.forRoot());
