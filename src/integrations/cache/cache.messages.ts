export const noPeerCloud =
  'PeerCacheModule needs the cloud: import PeerCloudModule.forRoot() as well.';

export const noCacheThere = (peer: string): string =>
  `peer ${peer} has no PeerCacheModule: it is told of nothing`;

export const refusedThere = (peer: string, problem: string): string =>
  `peer ${peer} refuses to hear what is dropped here, and may serve old values until they expire: ${problem}`;

export const refusedHere = (peer: string, problem: string): string =>
  `refuses what peer ${peer} says of its cache: ${problem}`;

export const missed = (peer: string): string =>
  `drops everything: it has missed what peer ${peer} dropped`;

export const storeFailed =
  'a store failed to delete: what was dropped elsewhere may be read here until it expires';

export const notEverywhere = (peers: readonly string[], ms: number): string =>
  `${peers.length === 1 ? 'one peer has' : `${peers.length} peers have`} not said within ${ms} ms that it is dropped there (${peers.slice(0, 5).join(', ')}); they are told again for as long as they are members`;

export const loaderTaken = (name: string): string =>
  `there is another singleFlight() named "${name}": give one of them another name`;

export const notLoaded = (key: string, { message }: Error): string =>
  `loads "${key}" itself: ${message}`;

export const nothingToLoad = 'it asks to load what has no singleFlight() here';
