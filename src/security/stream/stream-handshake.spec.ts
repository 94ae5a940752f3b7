import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { resolveAddressOptions } from '../addresses/address.options.js';
import { AddressPolicy } from '../addresses/address-policy.js';
import { PeerSecurity } from '../peer-security.js';
import type {
  RequestAccepted,
  StreamCodec,
  Verdict,
} from '../security.interface.js';
import {
  resolveSecurityOptions,
  type SecurityOptions,
} from '../security.options.js';
import { MAX_RECORD_BYTES, SealedCodec } from './sealed-codec.js';

const SECRET = { secret: 's'.repeat(32) };
const [first, second] = [1, 2].map(() => generateKeyPairSync('ed25519'));
const trustedKeys = [first!.publicKey, second!.publicKey];

function peer(id: string, options: SecurityOptions): PeerSecurity {
  const security: PeerSecurity = new PeerSecurity({
    security: resolveSecurityOptions(options, 'security'),
    addresses: new AddressPolicy(resolveAddressOptions({}, 'addresses'), true),
    selfId: () => security.peerId ?? id,
    fixedId: false,
    maxPeers: 10,
    logger: { warn: () => undefined },
  });
  return security;
}

function knock(bob: PeerSecurity, headers: Record<string, string>): Verdict {
  return bob.verifier.verify({
    method: 'GET',
    path: '/stream',
    headers,
    raw: undefined,
    remoteAddress: '10.0.0.1',
  }) as Verdict;
}

function connect(alice: PeerSecurity, bob: PeerSecurity, bobId: string) {
  const opening = alice.streams.open(bobId);
  const verdict = knock(bob, opening.headers) as RequestAccepted;
  const { headers, codec } = verdict.acceptStream!();
  return { opening, answer: headers, theirs: codec };
}

describe.each<[string, SecurityOptions, SecurityOptions]>([
  ['a shared secret', SECRET, SECRET],
  [
    'keys',
    { privateKey: first!.privateKey, trustedKeys },
    { privateKey: second!.privateKey, trustedKeys },
  ],
])('a stream with %s', (_kind, aliceOptions, bobOptions) => {
  const alice = peer('alice', aliceOptions);
  const bob = peer('bob', bobOptions);
  const bobId = bob.peerId ?? 'bob';

  it('carries bytes in both directions', () => {
    const { opening, answer, theirs } = connect(alice, bob, bobId);
    const ours = opening.accept(answer)!;
    for (const text of ['a\n', 'b\n', 'c\n']) {
      expect(pass(ours, theirs, text)).toBe(text);
      expect(pass(theirs, ours, text)).toBe(text);
    }
  });

  it('is opened once by one request', () => {
    const { headers } = alice.streams.open(bobId);
    expect(knock(bob, headers).ok).toBe(true);
    expect(knock(bob, headers).ok).toBe(false);
  });

  it('is not opened with another key, or one that is none', () => {
    const { headers } = alice.streams.open(bobId);
    const other = alice.streams.open(bobId).headers['x-peercloud-key']!;
    for (const key of [other, 'x', undefined as unknown as string]) {
      expect(knock(bob, { ...headers, 'x-peercloud-key': key }).ok).toBe(false);
    }
  });

  it('is not taken from an answer to another opening, or without a signature', () => {
    const one = connect(alice, bob, bobId);
    const two = connect(alice, bob, bobId);
    expect(() => one.opening.accept(two.answer)).toThrow(/bad signature/);
    expect(() => one.opening.accept({})).toThrow(/not signed/);
    const altered = {
      ...one.answer,
      'x-peercloud-key': two.answer['x-peercloud-key']!,
    };
    expect(() => one.opening.accept(altered)).toThrow(/bad signature/);
  });

  it('has keys of its own', () => {
    const one = connect(alice, bob, bobId);
    const two = connect(alice, bob, bobId);
    const ours = one.opening.accept(one.answer)!;
    expect(() => two.theirs.open(seal(ours, 'a'))).toThrow(/not genuine/);
  });
});

it('is refused with a key that gives every peer the same secret', () => {
  const alice = peer('alice', SECRET);
  const zero = Buffer.alloc(32).toString('base64url');
  const signer = alice.exchange as unknown as {
    signHeaders(r: object, extra: object): Record<string, string>;
  };
  const headers = signer.signHeaders(
    { method: 'GET', path: '/stream', receiverId: 'bob' },
    { 'x-peercloud-key': zero },
  );
  expect(knock(peer('bob', SECRET), headers).ok).toBe(false);
});

function seal(codec: StreamCodec, text: string): Buffer {
  return Buffer.from(codec.seal(text) as Buffer);
}

function pass(from: StreamCodec, to: StreamCodec, text: string): string {
  return Buffer.concat(to.open(seal(from, text))).toString();
}

describe('SealedCodec', () => {
  const keys = [randomBytes(32), randomBytes(32)] as const;
  const pair = () =>
    [
      new SealedCodec(keys[0], keys[1]),
      new SealedCodec(keys[1], keys[0]),
    ] as const;

  it('gives back what was sealed, however it is cut on the way', () => {
    const batches = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
    );
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 100 }), (all, cut) => {
        const [ours, theirs] = pair();
        const wire = Buffer.concat(all.map((b) => ours.seal(b)));
        const opened: Buffer[] = [];
        for (let at = 0; at < wire.length; at += cut) {
          opened.push(...theirs.open(wire.subarray(at, at + cut)));
        }
        expect(Buffer.concat(opened).toString()).toBe(all.join(''));
      }),
    );
  });

  it('cuts a long write into records', () => {
    const [ours, theirs] = pair();
    const long = 'aé€'.repeat(MAX_RECORD_BYTES / 2 + 7);
    expect(pass(ours, theirs, long)).toBe(long);
    const ascii = 'a'.repeat(2 * MAX_RECORD_BYTES);
    expect(pass(theirs, ours, ascii)).toBe(ascii);
  });

  it('refuses every flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(28 * 8 - 1), (bit) => {
        const [ours, theirs] = pair();
        const wire = ours.seal('12345678');
        wire[bit >> 3]! ^= 1 << (bit & 7);
        // A changed length is found at once, or when the bytes that it announces have come.
        const rest = Buffer.alloc(MAX_RECORD_BYTES);
        expect(() => [theirs.open(wire), theirs.open(rest)]).toThrow(
          /stream is refused/,
        );
      }),
    );
  });

  it.each<[string, (a: Buffer, b: Buffer) => Buffer[]]>([
    ['a repeated', (a) => [a, a]],
    ['a reordered', (a, b) => [b, a]],
    ['a left out', (_a, b) => [b]],
  ])('refuses %s record', (_what, order) => {
    const [ours, theirs] = pair();
    const records = order(ours.seal('one'), ours.seal('two'));
    expect(() => theirs.open(Buffer.concat(records))).toThrow(/not genuine/);
  });

  it('refuses its own records sent back', () => {
    const [ours] = pair();
    expect(() => ours.open(ours.seal('one'))).toThrow(/not genuine/);
  });

  it('refuses a record that is too long before it has come', () => {
    const [, theirs] = pair();
    const header = Buffer.alloc(20);
    header.writeUInt32BE(MAX_RECORD_BYTES + 1);
    expect(() => theirs.open(header)).toThrow(/cannot be/);
  });
});
