/** Name of our signature in `signature` and `signature-input`, and its `tag` (RFC 9421, section 2.3). */
export const SIGNATURE_LABEL = 'peercloud';

export const SIGNATURE_HEADER = 'signature';
export const SIGNATURE_INPUT_HEADER = 'signature-input';
export const ACCEPT_SIGNATURE_HEADER = 'accept-signature';

/** Id of the peer that a request is for. A request captured on its way there is refused elsewhere. */
export const RECEIVER_ID_HEADER = 'x-peercloud-to';

/**
 * Start of the peer that a request is for, and in an answer that of the peer that signed it. What was
 * captured before a restart is refused after it, even if the id is the same.
 */
export const BOOT_HEADER = 'x-peercloud-boot';

/** Ephemeral X25519 key of one side of a stream: 43 characters of base64url. */
export const STREAM_KEY_HEADER = 'x-peercloud-key';

/** Seconds that a signature is good for. */
export const SIGNATURE_LIFETIME = 30;

/** Identifiers of the components that signatures cover. */
export const COMPONENT = {
  method: '"@method"',
  path: '"@path"',
  status: '"@status"',
  digest: '"content-digest"',
  senderId: '"x-peercloud-id"',
  receiverId: '"x-peercloud-to"',
  boot: '"x-peercloud-boot"',
  streamKey: '"x-peercloud-key"',
  requestSignature: `"signature";req;key="${SIGNATURE_LABEL}"`,
} as const;

/** What a 401 asks for (RFC 9421, section 5.1). */
export const ACCEPT_SIGNATURE =
  `${SIGNATURE_LABEL}=(${COMPONENT.method} ${COMPONENT.path} ${COMPONENT.digest} ${COMPONENT.senderId} ${COMPONENT.receiverId})` +
  `;created;expires;nonce;keyid;tag="${SIGNATURE_LABEL}"`;
