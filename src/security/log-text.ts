/** What a remote chose, for a line of the log: nothing but printable ASCII, so that nobody writes lines of their own. */
export function logText(text: string): string {
  return text.slice(0, 64).replace(/[^\x21-\x7e]/g, '?');
}
