import { readNews } from '../dissemination/gossip-body.js';
import {
  readFeatures,
  readIncarnation,
  readPeerInfo,
} from './record-reader.js';
import { readStatus } from '../status/status-reader.js';
import { differing, readBuckets, readDiffering } from '../sync/sync-body.js';

const LIMIT = 1000;
const deep = (levels: number): object =>
  levels === 0 ? {} : { a: deep(levels - 1) };
const PEER = { id: 'a', ip: '10.0.0.1', port: 9338, data: { n: 1 } };

describe('readPeerInfo', () => {
  it('takes what it knows and leaves the rest', () => {
    const extensions = {
      features: ['gossip'],
      incarnation: 5,
      cloud: 'c',
      scheme: 'https',
      signature: 's',
    };
    expect(
      readPeerInfo(
        { ...PEER, ...extensions, other: 1, __proto__: { x: 1 } },
        LIMIT,
      ),
    ).toEqual({
      ...PEER,
      ...extensions,
    });
  });

  it('normalises address and port, and takes no data for none', () => {
    const { data: _, ...rest } = PEER;
    expect(
      readPeerInfo({ ...rest, ip: '::ffff:10.0.0.1', port: '9338' }, LIMIT),
    ).toEqual({
      ...rest,
      data: {},
    });
  });

  it.each([
    ['no object', []],
    ['no id', { ...PEER, id: undefined }],
    ['an id with spaces', { ...PEER, id: 'a b' }],
    ['an id that is too long', { ...PEER, id: 'x'.repeat(129) }],
    ['a name for an address', { ...PEER, ip: 'example.com' }],
    ['no address', { ...PEER, ip: '' }],
    ['no port', { ...PEER, port: undefined }],
    ['a port out of range', { ...PEER, port: 70_000 }],
    ['data that are no object', { ...PEER, data: [1] }],
    ['data that are nested too deep', { ...PEER, data: deep(33) }],
    ['data with a prototype', { ...PEER, data: JSON.parse('{"__proto__":1}') }],
    ['data that are too large', { ...PEER, data: { text: 'x'.repeat(LIMIT) } }],
  ])('refuses %s', (_, value) => {
    expect(readPeerInfo(value, LIMIT)).toBeUndefined();
  });

  it('leaves out extensions that are not as they should be', () => {
    const wrong = {
      features: 'gossip',
      incarnation: -1,
      cloud: 7,
      scheme: 'ftp',
      signature: 'x'.repeat(5000),
    };
    expect(readPeerInfo({ ...PEER, ...wrong }, LIMIT)).toEqual(PEER);
  });
});

describe('readFeatures and readIncarnation', () => {
  it.each([
    [[]],
    [Array(17).fill('x')],
    [['x'.repeat(33)]],
    [[1]],
    [{}],
    [null],
  ])('features: not %j', (value) => {
    expect(readFeatures(value)).toBeUndefined();
  });

  it.each([1.5, -1, NaN, Infinity, 2 ** 53, '1', null])(
    'incarnation: not %s',
    (value) => {
      expect(readIncarnation(value)).toBeUndefined();
    },
  );
});

describe('readNews', () => {
  it('reads records and accusations', () => {
    expect(readNews({ ...PEER, state: 'alive', told: true }, LIMIT)).toEqual({
      kind: 'record',
      info: PEER,
      legacyTold: true,
    });
    expect(
      readNews({ id: 'a', incarnation: 3, state: 'suspect', by: 'b' }, LIMIT),
    ).toEqual({
      kind: 'accusation',
      accusation: { id: 'a', incarnation: 3, state: 'suspect' },
      by: 'b',
    });
  });

  it.each([
    ['no object', 1],
    ['no state', PEER],
    ['an unknown state', { ...PEER, state: 'asleep' }],
    ['an accusation without incarnation', { id: 'a', state: 'dead' }],
    ['an accusation without id', { incarnation: 1, state: 'dead' }],
    ['a record without address', { id: 'a', state: 'alive' }],
  ])('refuses %s', (_, value) => {
    expect(readNews(value, LIMIT)).toBeUndefined();
  });
});

describe('readStatus', () => {
  it('takes an answer without anything for online', () => {
    expect(readStatus(undefined)).toEqual({ online: true });
    expect(readStatus({})).toEqual({ online: true });
    expect(readStatus({ online: false, id: 'a' })).toEqual({
      online: false,
      id: 'a',
    });
  });

  it('leaves out what is not as it should be', () => {
    const body = {
      id: 'a b',
      listening: 1,
      features: [],
      incarnation: 'x',
      cloud: {},
      ext: [],
    };
    expect(readStatus(body)).toEqual({ online: true });
  });
});

describe('bodies of /sync', () => {
  it.each([
    [undefined],
    [[]],
    [Array(15).fill(0)],
    [Array(17).fill(0)],
    [Array(2048).fill(0)],
    [Array(16).fill('x')],
  ])('buckets: not %j', (value) => {
    expect(readBuckets(value)).toBeUndefined();
  });

  it('reads buckets and where they differ', () => {
    const buckets = Array.from({ length: 16 }, (_, index) => index);
    expect(readBuckets(buckets)).toEqual(buckets);
    expect(differing(buckets, buckets.with(3, 99))).toEqual([3]);
    expect([...readDiffering([1, 3, 16, -1, 'x', null], 16)]).toEqual([1, 3]);
    expect([...readDiffering('all', 16)]).toEqual([]);
  });
});
