export const noPeerCloud =
  'PeerCloudMicroservicesModule needs the cloud: import PeerCloudModule.forRoot() as well.';

export const noHandler = (pattern: string): string =>
  `no peer handles ${pattern}: see its @MessagePattern(), and that its app calls connectMicroservice() and startAllMicroservices()`;

export const streamLost = (peer: string): string =>
  `peer ${peer} has given up the values of this request: they were not asked for in time, or it has started again`;

export const noEvents =
  'A cloud has no events of a socket: subscribe to MembershipService.events$.';

export const groupTaken =
  'a group is a text of 1 to 1024 characters: @EventPattern(pattern, { group: "billing" })';

export const TOO_MANY_REQUESTS = {
  status: 'error',
  message: 'too many requests of this peer give values here',
};

export const TOO_SLOW = {
  status: 'error',
  message:
    'more values are waiting than are kept: they come faster than they are taken',
};

export const NOT_JSON = {
  status: 'error',
  message: 'a value of the reply cannot be sent as JSON',
};
