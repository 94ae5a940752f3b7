export type {
  AddressOptions,
  ResolvedAddressOptions,
} from './addresses/address.options.js';
export type { Cidr } from './addresses/ip-ranges.js';
export type { AddressPolicy } from './addresses/address-policy.js';
export { BodyBudget, type BodyAccount } from './body-budget.js';
export type { Jwk, KeyInput } from './keys/key-input.js';
export { SecretKeyring, secretKeyId, type Keyring } from './keys/keyring.js';
export {
  sealSecret,
  SecretReceiver,
  type SealedSecret,
} from './keys/sealed-secret.js';
export { createKeyring, PeerSecurity } from './peer-security.js';
export type { RefusedRequest } from './refusal-log.js';
export type {
  RequestAccepted,
  RequestRefused,
  RequestVerifier,
  StreamAcceptance,
  StreamCodec,
  StreamOpening,
  StreamSecurity,
} from './security.interface.js';
export { MessageSigner } from './signature/message-signer.js';
export {
  resolveSecurityOptions,
  type JoinAttempt,
  type ResolvedSecurity,
  type SecurityMode,
  type SecurityOptions,
} from './security.options.js';
export { securityProviders } from './security.providers.js';
