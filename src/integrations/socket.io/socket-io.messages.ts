export const noPeerCloud =
  'Socket.IO needs the cloud: import PeerCloudModule.forRoot() into the app.';

export const namespaceTaken = (server: string, nsp: string): string =>
  `Two Socket.IO servers of this app have the namespace ${nsp} under the ${
    server === '' ? 'name of the first' : `name "${server}"`
  }: give one of them a name, as in createPeerAdapter(app, { name: 'admin' }).`;

export const noRecovery =
  'connectionStateRecovery does nothing here: a packet that a client missed is on no other replica. Leave it out, and send again what a client asks for.';

export const withoutModule = (peer: string): string =>
  `peer ${peer} has no Socket.IO adapter of this cloud: no client is sought there`;

export const otherVersion = (peer: string, version: number): string =>
  `peer ${peer} speaks version ${version} of the Socket.IO adapter, which this peer does not: their clients do not reach each other`;

export const notSent = (nsp: string): string =>
  `a packet of namespace ${nsp} cannot go to other peers`;

export const refused = (nsp: string, peer: string, why: string): string =>
  `a packet of namespace ${nsp} did not go to peer ${peer}, which refused it: ${why}; larger ones than 1 MiB need a larger maxMessageBytes there`;

export const givenUp = (count: number, peer: string): string =>
  `${count} packets for peer ${peer} are given up: it takes them more slowly than they come, or it cannot be reached`;

export const garbage = (peer: string): string =>
  `peer ${peer} sends what is no message of the Socket.IO adapter; it is left out, and this is said once`;

export const failed = (work: string, nsp: string, peer: string): string =>
  `"${work}" of peer ${peer} failed in namespace ${nsp}`;
