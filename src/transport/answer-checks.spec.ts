import type { Endpoint } from '../wire/endpoints.js';
import type { JsonValue } from '../wire/json.js';
import { checkSigner } from './answer-checks.js';

const MEANT = { ip: '10.0.0.7', port: 9338, id: 'meant' };

const check = (
  signerId: string,
  endpoint: Endpoint,
  body: JsonValue | undefined,
  status = 200,
) => checkSigner(signerId, MEANT, endpoint, { status, body });

const BAD_ANSWER = expect.objectContaining({ code: 'BAD_ANSWER' }) as Error;

describe('who signed an answer', () => {
  it.each<[Endpoint, JsonValue | undefined]>([
    ['status', { id: 'meant', online: true }],
    ['status', { online: true }],
    ['join', { status: 'joined', self: { id: 'meant' } }],
    ['message', { id: 'anything' }],
    ['left', undefined],
  ])('may be the peer that was meant (/%s, %j)', (endpoint, body) => {
    expect(() => check('meant', endpoint, body)).not.toThrow();
  });

  it('may be the new owner of its address, which says its own name at /status', () => {
    expect(() => check('heir', 'status', { id: 'heir' })).not.toThrow();
  });

  it.each<[Endpoint, JsonValue | undefined, number]>([
    ['status', { id: 'meant', online: true }, 200],
    ['status', { online: true }, 200],
    ['status', undefined, 200],
    ['status', 'online', 200],
    ['status', { statusCode: 429, code: 'TOO_MANY' }, 429],
    ['status', { id: 'heir', statusCode: 400 }, 400],
    ['message', { id: 'meant' }, 200],
    ['sync', {}, 200],
    ['join', { status: 'joined', self: { id: 'meant' } }, 200],
    ['join', { status: 'joined', self: { id: 'heir' } }, 200],
  ])('is nobody else (/%s, %j, %i)', (endpoint, body, status) => {
    expect(() => check('heir', endpoint, body, status)).toThrow(BAD_ANSWER);
  });

  it('is whoever is there, where nobody was meant', () => {
    const target = { ip: MEANT.ip, port: MEANT.port };
    const bodies: JsonValue[] = [{ id: 'heir' }, {}];
    for (const body of bodies) {
      expect(() =>
        checkSigner('heir', target, 'status', { status: 200, body }),
      ).not.toThrow();
    }
    expect(() =>
      checkSigner('heir', target, 'status', {
        status: 200,
        body: { id: 'meant' },
      }),
    ).toThrow(BAD_ANSWER);
  });
});
