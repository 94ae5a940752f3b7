import fc from 'fast-check';

/** A request as it goes over the wire. */
export interface WireRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

type Body = Record<string, unknown>;

const MEMBER = 'member-a';
const PEER = { id: 'member-b', ip: '127.0.0.1', port: 4002, data: { n: 1 } };

/** Valid requests that would change the list, with the properties that each one needs. */
const EFFECTIVE: { path: string; body: Body; required: string[] }[] = [
  { path: '/join', body: { ...PEER, features: ['sync'] }, required: [] },
  { path: '/joined', body: PEER, required: ['id', 'ip', 'port'] },
  { path: '/left', body: { id: MEMBER }, required: ['id'] },
  {
    path: '/update',
    body: { id: MEMBER, data: { n: 2 } },
    required: ['id', 'data'],
  },
];

/** Valid requests that change nothing, even where a change leaves them valid. */
const HARMLESS: { path: string; body: Body; sender?: string }[] = [
  { path: '/join', body: { id: 'nobody', ip: '127.0.0.1', port: 59_999 } },
  { path: '/joined', body: PEER, sender: 'stranger' },
  { path: '/left', body: { id: MEMBER }, sender: 'stranger' },
  { path: '/message', body: { type: 'any', list: [1, { deep: null }] } },
  { path: '/status', body: { ext: { digest: 'x', updates: [] } } },
  { path: '/check', body: {} },
  { path: '/sync', body: { digest: 'x', members: [] } },
  { path: '/observe', body: { ask: 'members' }, sender: 'stranger' },
];

const nonText = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.array(fc.string()),
  fc.dictionary(fc.string(), fc.string()),
);

const hugeText = fc
  .integer({ min: 129, max: 12_000 })
  .map((length) => 'x'.repeat(length));

/** Values that each property must refuse. */
const WRONG: Record<string, fc.Arbitrary<unknown>> = {
  id: fc.oneof(nonText, hugeText, fc.constantFrom('', 'a b', 'ä', '\u0000')),
  ip: fc.oneof(
    nonText,
    hugeText,
    fc.constantFrom('127.1', '0x7f.1', '1.2.3', 'http://a', 'a/b', '::1%lo'),
  ),
  port: fc.oneof(
    fc.integer({ min: 65_536 }),
    fc.integer({ max: 0 }),
    fc.constantFrom<unknown>(1.5, '', 'http', '1e3', '0x50', true, [], {}),
  ),
  data: fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.integer()),
  ),
  features: fc.oneof(
    fc.string(),
    fc.integer(),
    fc.array(fc.integer(), { minLength: 1 }),
  ),
};

/** A valid request with something wrong in it, so that it has to be refused. */
export const brokenRequest: fc.Arbitrary<WireRequest> = fc
  .constantFrom(...EFFECTIVE)
  .chain(({ path, body, required }) =>
    fc.oneof(
      wrongProperty(path, body),
      ...(required.length > 0 ? [missingProperty(path, body, required)] : []),
      fc
        .constantFrom<unknown>([], [body], 'text', 7, true, null)
        .map((other) => requestOf(path, JSON.stringify(other))),
      truncated(path, body),
      fc
        .constantFrom('text/plain', 'application/xml', '', 'application/json5')
        .map((type) => requestOf(path, body, { 'content-type': type })),
      fc
        .constantFrom('"__proto__":{}', '"constructor":{"prototype":{}}')
        .map((key) => requestOf(path, withText(body, key))),
    ),
  );

/** A valid, harmless request with its bytes, its values or its headers changed at random. */
export const changedRequest: fc.Arbitrary<WireRequest> = fc
  .constantFrom(...HARMLESS)
  .chain(({ path, body, sender = MEMBER }) => {
    const headers = { 'x-peercloud-id': sender };
    return fc.oneof(
      changedBytes(path, body, headers),
      fc
        .jsonValue()
        .map((value) => requestOf(path, JSON.stringify(value), headers)),
      fc
        .dictionary(fc.string(), fc.jsonValue())
        .map((more) => requestOf(path, { ...more, ...body }, headers)),
      fc
        .stringMatching(/^[\x21-\x7e]{0,300}$/)
        .map((other) => requestOf(path, body, { 'x-peercloud-id': other })),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => ({
        ...requestOf(path, body, headers),
        body: Buffer.from(bytes),
      })),
    );
  });

function wrongProperty(path: string, body: Body): fc.Arbitrary<WireRequest> {
  const known = Object.keys(body).filter((name) => name in WRONG);
  return fc
    .constantFrom(...known)
    .chain((name) =>
      WRONG[name]!.map((value) => requestOf(path, { ...body, [name]: value })),
    );
}

function missingProperty(
  path: string,
  body: Body,
  required: string[],
): fc.Arbitrary<WireRequest> {
  return fc
    .tuple(fc.constantFrom(...required), fc.constantFrom(undefined, null))
    .map(([name, value]) => requestOf(path, { ...body, [name]: value }));
}

function truncated(path: string, body: Body): fc.Arbitrary<WireRequest> {
  const text = JSON.stringify(body);
  return fc
    .integer({ min: 1, max: text.length - 1 })
    .map((length) => requestOf(path, text.slice(0, length)));
}

function changedBytes(
  path: string,
  body: Body,
  headers: Record<string, string>,
): fc.Arbitrary<WireRequest> {
  const bytes = Buffer.from(JSON.stringify(body));
  const change = fc.tuple(
    fc.nat({ max: bytes.length - 1 }),
    fc.integer({ min: 0, max: 255 }),
  );
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const changed = Buffer.from(bytes);
    for (const [at, byte] of changes) {
      changed[at] = byte;
    }
    return { ...requestOf(path, body, headers), body: changed };
  });
}

function withText(body: Body, text: string): string {
  return `${JSON.stringify(body).slice(0, -1)},${text}}`;
}

function requestOf(
  path: string,
  body: Body | string,
  headers: Record<string, string> = {},
): WireRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    path,
    headers: {
      'content-type': 'application/json',
      'x-peercloud-id': MEMBER,
      ...headers,
    },
    body: Buffer.from(text),
  };
}
