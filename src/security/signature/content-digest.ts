import { createHash } from 'node:crypto';

/** Header with the digest of the body's bytes. */
export const CONTENT_DIGEST_HEADER = 'content-digest';

/** Value of `content-digest` for these bytes, as they are on the wire (RFC 9530, section 2). */
export function contentDigest(body: Buffer | undefined): string {
  const hash = createHash('sha256');
  if (body) {
    hash.update(body);
  }
  return `sha-256=:${hash.digest('base64')}:`;
}
