export const notConnected = (servers: string | string[] = '127.0.0.1:4222') =>
  `no NATS server lets this peer in at ${String(servers)}: see the cause, and the options servers, user, pass, authenticator and tls of natsTransport()`;

export const connectionLost =
  'the connection to the NATS server is lost: trying again until one answers';

export const connectedAgain = (server: string): string =>
  `connected to the NATS server ${server} again`;

export const connectionClosed = (why: string): string =>
  `the connection to NATS is closed for good (${why}): this peer reaches nobody until it is started again`;

export const serverError = (why: string): string =>
  `the NATS server complains: ${why}`;

export const tooLargeFor = (bytes: number, max: number): string =>
  `${bytes} bytes are more than the max_payload of the NATS server (${max}) leaves room for`;

export const lostOnTheWay = 'the connection to the NATS server was lost';
