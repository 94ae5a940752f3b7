import fc from 'fast-check';

/** What is done to one header of a request, whatever it was. */
export interface HeaderChange {
  name: string;
  kind: 'replace' | 'insert' | 'cut' | 'repeat' | 'leave out' | 'swap digits';
  /** Which character it is done to, counted round. */
  place: number;
  text: string;
}

const NAMES = [
  'signature',
  'signature',
  'signature-input',
  'signature-input',
  'signature-input',
  'content-digest',
  'accept-signature',
  'x-peercloud-id',
  'x-peercloud-to',
  'x-peercloud-boot',
  'x-peercloud-key',
  'upgrade',
  'connection',
];

/** Pieces that mean something in these headers, and what any client can put into one. */
const PIECES = [
  ['', ',', ';', ':', '"', '(', ')', '=', '()', '::', ', ', '%00', '\t'],
  ['peercloud=', 'sig1=:AAAA:', 'peercloud=:AAAA:', ';alg="none"'],
  ['tag="peercloud"', 'keyid=""', 'created=1e999', 'expires=99999999999'],
  ['nonce="0.0"', 'nonce="999999999999999.999999999999999"', '-1', '1e3'],
  ['"@method"', '"@path"', '"@status"', '"signature";req', '"x";sf;bs'],
  ['sha-256=:x:', 'sha-512=:AAAA:', '__proto__', 'constructor', '\u00ff'],
  ['h2c', 'websocket', 'peercloud/1', 'peercloud/2', 'upgrade', 'close'],
  ['nobody', 'x'.repeat(129), '9'.repeat(400), '('.repeat(3000)],
].flat();

const texts = fc.oneof(
  fc.constantFrom(...PIECES),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
);

const change: fc.Arbitrary<HeaderChange> = fc.record({
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom<HeaderChange['kind']>(
    ...(['replace', 'insert', 'insert', 'cut', 'repeat'] as const),
    ...(['leave out', 'swap digits'] as const),
  ),
  place: fc.nat({ max: 1000 }),
  text: texts,
});

/** Changes of the headers that say who sends what to whom, and prove it; most requests have none. */
export const headerChanges: fc.Arbitrary<HeaderChange[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<HeaderChange[]>([]) },
  { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
);

/** The headers after all of the changes. */
export function changeHeaders(
  headers: Record<string, string>,
  changes: readonly HeaderChange[],
): Record<string, string> {
  const changed = { ...headers };
  for (const each of changes) {
    const value = changeValue(changed[each.name] ?? '', each);
    if (value === undefined) {
      delete changed[each.name];
    } else {
      changed[each.name] = value;
    }
  }
  return changed;
}

function changeValue(
  value: string,
  { kind, place, text }: HeaderChange,
): string | undefined {
  const at = place % (value.length + 1);
  switch (kind) {
    case 'replace':
      return text;
    case 'insert':
      return value.slice(0, at) + text + value.slice(at);
    case 'cut':
      return value.slice(0, at);
    case 'repeat':
      return `${value}${text}${value.slice(at)}`;
    case 'leave out':
      return undefined;
    case 'swap digits':
      return value.replaceAll(/\d/g, (digit) =>
        String((Number(digit) + place) % 10),
      );
  }
}
