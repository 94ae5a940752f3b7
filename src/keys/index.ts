export { KeyMessenger, type KeyReply } from './key-messenger.js';
export { KeyOwners } from './key-owners.js';
export { NoOwnerError } from './keys.errors.js';
export type { KeysOptions, ResolvedKeysOptions } from './keys.options.js';
export { KeysService } from './keys.service.js';
