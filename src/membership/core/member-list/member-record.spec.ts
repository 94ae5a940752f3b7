import {
  readFeatures,
  readIncarnation,
  readPeerInfo,
} from './member-record.js';

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
