import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { canonicalJson, type JsonValue } from '../../wire/json.js';
import { keyThumbprint } from './key-input.js';
import { Ed25519RecordSecurity, type SignedRecord } from './record-security.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const id = keyThumbprint(publicKey);
const security = new Ed25519RecordSecurity(privateKey, (peerId) =>
  peerId === id ? publicKey : undefined,
);
const RECORD: SignedRecord = {
  id,
  port: 9338,
  data: { b: 1, a: [{ d: null, c: 'ä' }] },
  features: ['update', 'sync'],
  incarnation: 1_700_000_000_000,
};

it('holds for the record that the member signed, whatever became of the order of its keys', () => {
  const signature = security.sign(RECORD);
  expect(security.verify(RECORD, signature)).toBe(true);
  const data = { a: [{ c: 'ä', d: null }], b: 1 };
  expect(security.verify({ ...RECORD, data }, signature)).toBe(true);
});

it.each<[string, Partial<SignedRecord>]>([
  ['data', { data: { b: 2 } }],
  ['port', { port: 80 }],
  ['scheme', { scheme: 'https' }],
  ['features', { features: [] }],
  ['incarnation', { incarnation: 1_700_000_000_001 }],
  ['cloud', { cloud: 'staging' }],
  ['id', { id: 'another' }],
])('does not hold for another %s', (_name, change) => {
  const signature = security.sign(RECORD);
  expect(security.verify({ ...RECORD, ...change }, signature)).toBe(false);
});

it.each([undefined, null, 7, '', 'A'.repeat(86), 'A'.repeat(10_000), {}])(
  '%j is no signature',
  (signature) => {
    expect(security.verify(RECORD, signature)).toBe(false);
  },
);

it('has one text for one JSON value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value as JsonValue);
      const again = JSON.parse(text) as JsonValue;
      expect(JSON.stringify(again)).toBe(
        JSON.stringify(JSON.parse(canonicalJson(again))),
      );
      expect(canonicalJson(again)).toBe(text);
    }),
  );
});
