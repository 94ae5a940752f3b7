/** Extensions that a peer of this project advertises (PROTOCOL.md, section 4). */
export const FEATURES = [
  'update',
  'gossip',
  'probe',
  'sync',
  'stream',
] as const;
