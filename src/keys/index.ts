export { KeyMessenger, type KeyReply } from './key-messenger.js';
export { KeyOwners, NoOwnerError } from './key-owners.js';
export type { KeysOptions, ResolvedKeysOptions } from './keys.options.js';
export { KeysService } from './keys.service.js';
