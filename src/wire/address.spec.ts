import {
  AddressError,
  formatAddress,
  isHostName,
  normalizeHost,
  normalizeIp,
  normalizeRemoteAddress,
  parseAddress,
  parsePort,
  sameAddress,
} from './address.js';

describe('normalizeIp', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::FFFF:10.0.0.7', '10.0.0.7'],
    ['::ffff:7f00:1', '127.0.0.1'],
    ['0:0:0:0:0:ffff:127.0.0.1', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:a9fe:a9fe', '169.254.169.254'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['[::1]', '::1'],
    ['FD00::00AB', 'fd00::ab'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
  ])('%s is %s', (text, ip) => {
    expect(normalizeIp(text)).toBe(ip);
  });

  it.each([
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.01',
    '1.2.3.4.5',
    '256.1.1.1',
    ' 127.0.0.1',
    'localhost',
    '',
    'fe80::1%eth0',
    ':::',
    '1'.repeat(10_000),
    7,
    null,
    undefined,
    ['127.0.0.1'],
  ])('refuses %s', (value) => {
    expect(normalizeIp(value)).toBeUndefined();
  });
});

it("takes the zone off a socket's address", () => {
  expect(normalizeRemoteAddress('fe80::1%eth0')).toBe('fe80::1');
  expect(normalizeRemoteAddress('::ffff:192.168.1.2')).toBe('192.168.1.2');
  expect(normalizeRemoteAddress(undefined)).toBe('');
});

describe('parsePort', () => {
  it('takes numbers and digits', () => {
    expect(parsePort(9338)).toBe(9338);
    expect(parsePort('8080')).toBe(8080);
    expect(parsePort(65_535)).toBe(65_535);
    expect(parsePort(0, 0)).toBe(0);
  });

  it.each([0, -1, 65_536, 1.5, NaN, '', ' 80', '8e1', '0x50', '123456', null])(
    'refuses %s',
    (value) => {
      expect(parsePort(value)).toBeUndefined();
    },
  );
});

describe('isHostName', () => {
  it.each(['localhost', 'my_app-1', 'example.com', 'example.com.', 'a.1b'])(
    'takes %s',
    (name) => {
      expect(isHostName(name)).toBe(true);
    },
  );

  it.each(['', '.', 'a..b', '-a', 'a-', '127.1', '0x7f.0x1', 'a b', 'ä.de'])(
    'refuses %s',
    (name) => {
      expect(isHostName(name)).toBe(false);
    },
  );

  it('bounds labels and names', () => {
    expect(isHostName('a'.repeat(63))).toBe(true);
    expect(isHostName('a'.repeat(64))).toBe(false);
    expect(isHostName(`${'a.'.repeat(127)}b`)).toBe(false);
  });
});

describe('parseAddress', () => {
  it.each([
    ['localhost', { ip: 'localhost', port: 9338 }],
    ['LOCALHOST:80', { ip: 'localhost', port: 80 }],
    ['127.0.0.1:0', { ip: '127.0.0.1', port: 9338 }],
    ['::1', { ip: '::1', port: 9338 }],
    ['[::1]', { ip: '::1', port: 9338 }],
    ['[::1]:8080', { ip: '::1', port: 8080 }],
    [
      { ip: '::ffff:1.2.3.4', port: '81' },
      { ip: '1.2.3.4', port: 81 },
    ],
    [
      { ip: '10.0.0.1', port: null },
      { ip: '10.0.0.1', port: 9338 },
    ],
  ])('reads %j', (value, address) => {
    expect(parseAddress(value)).toEqual(address);
  });

  it.each([
    ['localhost:99999', 'port must be 0 to 65535'],
    ['localhost:', 'port must be 0 to 65535'],
    ['a:b:c', 'port must be 0 to 65535'],
    [{ ip: 'a', port: -1 }, 'port must be 0 to 65535'],
    ['', 'host must be an IP address or a host name'],
    ['[a]:80', 'host must be an IP address or a host name'],
    ['http://a', "write 'host:port', without a scheme or a path"],
    [{ port: 80 }, 'host must be an IP address or a host name'],
    [7, "write 'host:port' or { ip, port }"],
    [['a'], "write 'host:port' or { ip, port }"],
  ])('refuses %j', (value, message) => {
    expect(() => parseAddress(value)).toThrow(AddressError);
    expect(() => parseAddress(value)).toThrow(message);
  });
});

it('formats with brackets around IPv6 and reads its own text', () => {
  expect(formatAddress({ ip: '::1', port: 1 })).toBe('[::1]:1');
  const address = { ip: 'fd00::2', port: 9338 };
  expect(parseAddress(formatAddress(address))).toEqual(address);
});

it('compares addresses by what they name', () => {
  const port = 80;
  expect(
    sameAddress({ ip: '::ffff:1.2.3.4', port }, { ip: '1.2.3.4', port }),
  ).toBe(true);
  expect(sameAddress({ ip: '::1', port }, { ip: '0::1', port })).toBe(true);
  expect(sameAddress({ ip: '::1', port }, { ip: '::1', port: 81 })).toBe(false);
  expect(sameAddress({ ip: '??', port }, { ip: '???', port })).toBe(false);
});

it('brings names to lower case', () => {
  expect(normalizeHost('Peer-1.Example')).toBe('peer-1.example');
  expect(normalizeHost('127.1')).toBeUndefined();
});
