export const noPeerCloud =
  'PeerRooms needs the cloud: import PeerCloudModule.forRoot() as well.';

export const noClient =
  'is no client of a ws gateway: it needs send() and once(). @Sse() methods return rooms.stream(room) instead';

export const garbage = (peer: string): string =>
  `peer ${peer} sends what is no message for rooms; it is left out, and this is said once`;

export const tooSlow = (bytes: number): string =>
  `a client has not read ${bytes} bytes that it was sent; its connection is ended`;

export const notDelivered = (room: string, peer: string, why: string): string =>
  `an event for room ${room} did not reach peer ${peer}: ${why}`;
