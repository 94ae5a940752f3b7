/** Text that is written whole, or part after part: to join a large part with others copies it. */
export type Text = string | readonly string[];

/** Bytes of the text in UTF-8. */
export function textBytes(text: Text): number {
  if (typeof text === 'string') return Buffer.byteLength(text);
  return text.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}

/** Writes the text in UTF-8, from an offset on; it must fit. */
export function writeText(text: Text, bytes: Buffer, offset: number): void {
  if (typeof text === 'string') writePart(text, bytes, offset);
  else {
    let at = offset;
    for (const part of text) at += writePart(part, bytes, at);
  }
}

/** @returns bytes written */
function writePart(part: string, bytes: Buffer, offset: number): number {
  const length = Buffer.byteLength(part);
  // ASCII, which most lines are, is written faster as Latin-1.
  return bytes.write(part, offset, length === part.length ? 'latin1' : 'utf8');
}
