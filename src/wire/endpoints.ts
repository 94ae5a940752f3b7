/** Paths of the protocol at the root of a peer's port (PROTOCOL.md, sections 2 and 4). */
export const ENDPOINTS = {
  join: '/join',
  joined: '/joined',
  left: '/left',
  status: '/status',
  message: '/message',
  update: '/update',
  sync: '/sync',
  observe: '/observe',
} as const;

/** Name of one endpoint of the protocol. */
export type Endpoint = keyof typeof ENDPOINTS;

/** Another path under which `/status` is answered; senders never use it. */
export const STATUS_ALIAS = '/check';

/** Where a peer asks for a stream (PROTOCOL.md, section 4, `upgrade`): `GET`, with this `upgrade` header. */
export const STREAM_PATH = '/stream';
export const STREAM_PROTOCOL = 'peercloud/1';

/** What a message to all peers at once asks for, where another transport than HTTP carries it (docs/transports.md). */
export const BROADCAST_PATH = '/broadcast';

/** Every path of a request of the protocol. */
export const PROTOCOL_PATHS: ReadonlySet<string> = new Set([
  ...Object.values(ENDPOINTS),
  STATUS_ALIAS,
]);

/** The path of a request's target, without its query. */
export function pathOf(target = ''): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Extensions that a peer of this project advertises (PROTOCOL.md, section 4). */
export const FEATURES = [
  'update',
  'gossip',
  'probe',
  'sync',
  'upgrade',
  'head',
  'replies',
] as const;

/** True for every 2xx (PROTOCOL.md, section 1, success). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Request header with the sender's id (PROTOCOL.md, section 1). */
export const PEER_ID_HEADER = 'x-peercloud-id';

/** Port that is meant where none is named (PROTOCOL.md, section 2, `/join`). */
export const DEFAULT_PORT = 9338;

/** Longest id in characters (PROTOCOL.md, section 1). */
export const MAX_ID_LENGTH = 128;

/** True for 1 to 128 printable ASCII characters without space (PROTOCOL.md, section 1). */
export function isPeerId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_ID_LENGTH &&
    /^[\x21-\x7e]+$/.test(value)
  );
}
