/** Texts that operators and developers meet, in one place. */

export const importedTwice =
  'PeerCloudModule is imported more than once with options of its own: one app is one peer. Import PeerCloudModule.forRoot() or forRootAsync() in the root module, with isGlobal: true where other modules need its services';

export const importedBare =
  'PeerCloudModule is imported without options: write PeerCloudModule.forRoot({ … }) or forRootAsync({ … })';

export const mountedBesideListener =
  'the protocol would be answered on both ports: write mount: false beside the factory (forRoot() does that by itself), or leave listener out';

export const mountedBesideTransport =
  'the protocol is answered by the option transport or by the app, not by both: write mount: false beside useFactory, or leave mount out in forRoot()';

export const nowhereMounted =
  'with mount: false the protocol has no routes in the app: give it a port of its own, like { port: 9338 }';

export const nothingListens =
  'nobody can reach this peer, so it stays outside the cloud: an application context has no HTTP server. Give it the option listener, like { port: 9338 }, beside mount: false';

export const notListening =
  'the app is up and does not listen, so its peer has not started: it starts with app.listen(). An app that brings servers of its own gives the option listener, like { port: 9338 }';

export const stillStarting =
  'the peer waits for the onApplicationBootstrap hooks of the app, and joins when all of them are done. A hook that waits for whenJoined() waits for ever: wait for it after app.listen()';

export const noTcpPort = (address: string): string =>
  `the app listens at ${address}, which is no TCP port: other peers cannot reach it. Listen on a port, or give the option listener`;

export const sharedPort =
  'the workers of node:cluster (or of PM2) share the port of the app, so that other peers reach any of them under it: give each a port of its own with the option listener, like { port: 9338 + cluster.worker.id }';

export const http2Only =
  'the app speaks HTTP/2 only, and peers call each other over HTTP/1.1: write allowHTTP1: true beside http2 (which takes HTTPS), or give the protocol a port of its own with the option listener';

export const openToAll = (address: string): string =>
  `anybody who reaches ${address} from a private address can join this cloud: give the option security, or listen on 127.0.0.1 or another interface that only the peers can reach`;

export const httpsWithoutTls =
  'the app listens with HTTPS, and other peers will call it without: give the option tls, with ca at least, or a port of its own with the option listener';

export const tlsWithoutHttps =
  'other peers will call this one over HTTPS, and the app listens without: give the same certificate to NestFactory.create() as httpsOptions, or a port of its own with the option listener';

export const listenerWithoutCertificate =
  'the own listener needs cert and key beside ca';
