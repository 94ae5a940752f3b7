import fc from 'fast-check';
import type { JsonObject } from '../../../wire/json.js';
import { readStatus } from './status-caller.js';

describe('readStatus', () => {
  it('reads what a peer of ours says', () => {
    const body = {
      id: 'a',
      online: true,
      listening: true,
      joined: false,
      features: ['gossip'],
      incarnation: 7,
      cloud: 'blue',
      scheme: 'https',
      ext: { digest: '1:0' },
    };
    expect(readStatus(body)).toEqual(body);
  });

  it('reads what the original says', () => {
    const body = { id: 'a', online: true, listening: true, joined: true };
    expect(readStatus(body)).toEqual(body);
  });

  it.each([
    [undefined, true],
    [{}, true],
    [{ online: null }, true],
    [{ online: 'no' }, true],
    [{ online: false }, false],
  ])('takes %j for online: %s', (body, online) => {
    expect(readStatus(body)).toEqual({ online });
  });

  it.each([
    ['id', ['', 'with space', 'x'.repeat(129), 'é', 7, {}, null]],
    ['listening', ['true', 1, null]],
    ['joined', ['true', 0, []]],
    [
      'features',
      [[], 'gossip', [7], ['x'.repeat(33)], Array(17).fill('x'), {}],
    ],
    ['incarnation', ['7', -1, 1.5, 2 ** 53, null, {}]],
    ['cloud', [7, 'x'.repeat(129), null]],
    ['scheme', ['http', 'HTTPS', 'javascript', null]],
    ['ext', ['x', 7, [], null]],
  ])('leaves out an impossible %s', (name, values) => {
    for (const value of values as never[]) {
      expect(readStatus({ [name]: value })).toEqual({ online: true });
    }
  });

  it('carries nothing else along', () => {
    expect(readStatus({ id: 'a', peers: [], __proto__x: 1 })).toEqual({
      id: 'a',
      online: true,
    });
  });

  it('survives every JSON object', () => {
    const known = ['id', 'online', 'features', 'incarnation', 'ext', 'cloud'];
    const bodies = fc.dictionary(
      fc.oneof(fc.constantFrom(...known), fc.string()),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const status = readStatus(body as JsonObject);
        expect(typeof status.online).toBe('boolean');
        expect(['string', 'undefined']).toContain(typeof status.id);
      }),
    );
  });

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
