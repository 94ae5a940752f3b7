/** Text that is written whole, or part after part: to join a large part with others copies it. */
export type Text = string | readonly string[];

/** Bytes of the text in UTF-8. */
export function textBytes(text: Text): number {
  if (typeof text === 'string') {
    return Buffer.byteLength(text);
  }
  return text.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}

/** True for a text of more bytes than that; counts them only where the characters leave it open. */
export function isLarger(text: string, maxBytes: number): boolean {
  return (
    text.length > maxBytes ||
    (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)
  );
}

/** Writes the text in UTF-8 into all that `bytes` has from `offset` on: `textBytes` of it. */
export function writeText(text: Text, bytes: Buffer, offset: number): void {
  const parts = typeof text === 'string' ? [text] : text;
  const chars = parts.reduce((sum, part) => sum + part.length, 0);
  // ASCII, which most lines are, is written faster as Latin-1.
  const encoding = chars === bytes.length - offset ? 'latin1' : 'utf8';
  let at = offset;
  for (const part of parts) {
    at += bytes.write(part, at, encoding);
  }
}
