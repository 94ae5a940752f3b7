import { normalizeIp } from '../../wire/address.js';
import { escapeToken, isAddress, randomAddress, Subjects } from './subjects.js';

describe('subjects', () => {
  it.each([
    ['shop', 'shop'],
    ['', '='],
    ['a b', 'a=20b'],
    ['*.>', '=2a=2e=3e'],
    ['=', '=3d'],
    ['é', '=c3=a9'],
  ])('of a cloud named %j have the token %s', (name, token) => {
    expect(escapeToken(name)).toBe(token);
    expect(new Subjects(name).all).toBe(`peercloud.${token}.all`);
  });

  it('of peers are read as they are written', () => {
    const subjects = new Subjects('shop');
    const ip = randomAddress();
    expect(subjects.read(subjects.of(ip, 'q', 'join'))).toEqual({
      ip,
      inlet: 'q',
      name: 'join',
    });
  });

  it.each([
    undefined,
    '',
    'peercloud.shop.all',
    'peercloud.other.at.fd00::1.r.x',
    'peercloud.shop.at.fd00::1.x.x',
    'peercloud.shop.at.10.0.0.1.r.x',
    'peercloud.shop.at.fd00::1.r.x.y',
    'peercloud.shop.at.fd00::1.r.*',
    'peercloud.shop.at.fd00::1.r.>',
    'peercloud.shop.at.fd00::1.r.',
    `peercloud.shop.at.fd00::1.r.${'x'.repeat(65)}`,
    '$JS.API.STREAM.DELETE.orders',
  ])('are not what others make of them: %s', (subject) => {
    expect(new Subjects('shop').read(subject)).toBeUndefined();
  });

  it('have addresses of one spelling, each another one', () => {
    const addresses = Array.from({ length: 100 }, randomAddress);
    expect(new Set(addresses).size).toBe(100);
    expect(addresses.every(isAddress)).toBe(true);
    expect(addresses.map(normalizeIp)).toEqual(addresses);
  });
});
