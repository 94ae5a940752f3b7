// Options as they come from an environment whose variables may be unset, with `exactOptionalPropertyTypes`.
import {
  type MembershipService,
  PeerCloudModule,
  type PeerCloudOptions,
} from 'nestjs-peercloud';
import type { StandaloneOptions } from 'nestjs-peercloud/standalone';

const { PEERS, PEER_SECRET, POD_IP, HOST, CERT, PORT } = process.env;
const number = PORT === undefined ? undefined : Number(PORT);

export const options: PeerCloudOptions = {
  peers: PEERS?.split(',').map((ip) => ({ ip, port: PORT })),
  data: undefined,
  cloud: undefined,
  id: undefined,
  ip: POD_IP,
  port: number,
  listener: { port: number, host: HOST },
  requestTimeout: number,
  messageTimeout: number,
  maxMessageBytes: number,
  maxPeers: number,
  healthCheck: { cron: HOST },
  membership: { profile: undefined, probeTimeout: number },
  messaging: {
    broadcastConcurrency: number,
    inheritAppConfig: undefined,
    stream: undefined,
  },
  security: {
    secret: PEER_SECRET,
    privateKey: undefined,
    trustedKeys: undefined,
    clockSkew: number,
    authorize: undefined,
  },
  tls: { cert: CERT, ca: CERT, passphrase: HOST, reload: undefined },
  limits: { maxTombstones: number },
  addresses: { allow: undefined, public: undefined },
};
export const registered = PeerCloudModule.forRoot({
  ...options,
  isGlobal: undefined,
  decorators: undefined,
  mount: undefined,
});
export const standalone: StandaloneOptions = {
  port: PORT,
  host: HOST,
  onmessage: undefined,
  onMessage: undefined,
  logger: undefined,
  signals: undefined,
};
export function greet({ self }: MembershipService): Promise<unknown> {
  return self.send({}, { timeout: number, signal: undefined });
}
