import { instanceToPlain } from 'class-transformer';
import { inspect } from 'node:util';
import type { Member } from './core/membership.types.js';
import { describeMember, Peer, type PeerDescription } from './peer.js';

const SINCE = Date.UTC(2026, 0, 2);

function create(change: Partial<Member> = {}) {
  const record: Member = {
    id: 'a',
    ip: '10.0.0.1',
    port: 9338,
    data: { name: 'A', tags: ['x'] },
    features: ['gossip'],
    incarnation: 1,
    state: 'alive',
    ...change,
  };
  const source = { current: record };
  const peer = new Peer({
    record: () => source.current,
    since: SINCE,
    send: () => Promise.resolve({}),
  });
  return { peer, source, record };
}

const FIELDS = {
  id: 'a',
  ip: '10.0.0.1',
  port: 9338,
  data: { name: 'A', tags: ['x'] },
  features: ['gossip'],
  state: 'alive',
  since: new Date(SINCE),
};

describe('Peer', () => {
  it.each<[string, (peer: Peer) => unknown]>([
    ['a spread', (peer) => ({ ...(peer as PeerDescription) })],
    ['structuredClone', (peer) => structuredClone(peer)],
    ['class-transformer', (peer) => instanceToPlain(peer)],
    ['toJSON', (peer) => peer.toJSON()],
    ['Object.entries', (peer) => Object.fromEntries(Object.entries(peer))],
  ])('%s has all fields', (_, read) => {
    expect(read(create().peer)).toEqual(FIELDS);
  });

  it('JSON and console.log have all fields, too', () => {
    const { peer } = create();
    expect(JSON.parse(JSON.stringify([peer]))).toEqual([
      { ...FIELDS, since: FIELDS.since.toISOString() },
    ]);
    const text = inspect({ peers: [peer] }, { depth: null });
    expect(text).toMatch(/Peer \{/);
    for (const part of ["id: 'a'", "tags: [ 'x' ]", "state: 'alive'"]) {
      expect(text).toContain(part);
    }
  });

  it('has what is newest, and a spread has what was', () => {
    const { peer, source, record } = create();
    const before = { ...(peer as PeerDescription) };
    source.current = { ...record, state: 'suspect', data: { name: 'B' } };
    expect(peer.state).toBe('suspect');
    expect(peer.data).toEqual({ name: 'B' });
    expect(before).toMatchObject({ state: 'alive', data: { name: 'A' } });
  });

  it.each(['id', 'ip', 'port', 'data', 'features', 'state', 'since'])(
    '%s cannot be written',
    (name) => {
      const { peer } = create();
      expect(() => Object.assign(peer, { [name]: 'x' })).toThrow(TypeError);
      expect(peer).toMatchObject(FIELDS);
    },
  );

  it('gives nothing away that changes the record', () => {
    const { peer, record } = create();
    const tags = peer.data.tags as string[];
    expect(() => tags.push('y')).toThrow(TypeError);
    expect(() => (peer.data.name = 'B')).toThrow(TypeError);
    expect(() => (peer.features as string[]).pop()).toThrow(TypeError);
    peer.since.setTime(0);
    expect(peer).toMatchObject(FIELDS);
    expect(record.data).toEqual(FIELDS.data);
  });

  it('a description of a record is frozen, too', () => {
    const { record } = create({ state: 'suspect' });
    const described = describeMember(record, FIELDS.since);
    expect(described).toEqual({ ...FIELDS, state: 'suspect' });
    expect(() => (described.data.name = 'B')).toThrow(TypeError);
  });
});
