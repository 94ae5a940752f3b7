import { AddressPolicy } from './address-policy.js';
import {
  type AddressOptions,
  resolveAddressOptions,
} from './address.options.js';

const LOCAL = { remoteAddress: '127.0.0.1' };
const LAN = { remoteAddress: '192.168.1.5' };

function policy(options: AddressOptions = {}, signed = false): AddressPolicy {
  return new AddressPolicy(resolveAddressOptions(options, 'addresses'), signed);
}

function allows(ip: string, rules = policy(), origin = LAN): boolean {
  return rules.refusal({ ip, port: 9338 }, origin) === undefined;
}

const EVERYTHING = policy(
  { allow: ['0.0.0.0/0', '::/0'], public: true, privilegedPorts: true },
  true,
);

describe('whatever the options say', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    'ff02::1',
    '240.0.0.1',
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:FFFF:169.254.169.254',
    '169.254.1.1',
    'fe80::1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd20:ce::254',
    // The metadata service by NAT64 (also with prefixes of other lengths), 6to4, Teredo and the like.
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:0:0:0:0:169.254.169.254',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:a9:fe:a9fe::',
    '64:ff9b:1:0:a9:fea9:fe00:0',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::1',
    '2001:0:808:808:0:0:5601:5601',
    '::a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    '64:ff9b::6464:64c8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '::7f00:1',
    '64:ff9b::',
  ])('%s is refused', (ip) => {
    expect(allows(ip, EVERYTHING)).toBe(false);
    expect(EVERYTHING.senderRefusal(ip)).toBeDefined();
  });

  it.each([
    'localhost',
    'metadata.google.internal',
    '127.1',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '',
  ])('%s is no address', (ip) => {
    expect(allows(ip, EVERYTHING)).toBe(false);
  });
});

describe('in an open cloud', () => {
  it.each(['10.1.2.3', '172.31.0.1', '192.168.0.9', 'fd12::1'])(
    '%s is allowed',
    (ip) => {
      expect(allows(ip)).toBe(true);
      expect(policy().senderRefusal(ip)).toBeUndefined();
    },
  );

  it.each(['8.8.8.8', '172.32.0.1', '100.64.0.1', '2001:db8::1'])(
    '%s is refused unless an option opens it',
    (ip) => {
      expect(allows(ip)).toBe(false);
      expect(policy().senderRefusal(ip)).toBeDefined();
      expect(allows(ip, policy({ public: true }))).toBe(true);
      expect(allows(ip, policy({ allow: [ip] }))).toBe(true);
    },
  );
});

it('allows public addresses in a signed cloud, unless told otherwise', () => {
  expect(allows('8.8.8.8', policy({}, true))).toBe(true);
  expect(allows('8.8.8.8', policy({ public: false }, true))).toBe(false);
});

describe('loopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    '%s is for origins on loopback',
    (ip) => {
      expect(allows(ip, policy(), LOCAL)).toBe(true);
      expect(allows(ip, policy(), { remoteAddress: '::1' })).toBe(true);
      expect(allows(ip, policy(), LAN)).toBe(false);
      expect(allows(ip, EVERYTHING, LAN)).toBe(false);
      expect(allows(ip, policy(), { remoteAddress: '' })).toBe(false);
    },
  );

  it('can be denied', () => {
    expect(allows('127.0.0.1', policy({ deny: ['127.0.0.0/8'] }), LOCAL)).toBe(
      false,
    );
  });
});

it.each([
  '64:ff9b::808:808',
  '2002:808:808::1',
  '::808:808',
  '2001:0:808:808::f7f7:f7f7',
])('%s, which hides an IPv4 address, needs an explicit wish', (ip) => {
  expect(allows(ip, policy({ public: true }, true))).toBe(false);
  expect(allows(ip, policy({ allow: [ip] }))).toBe(true);
});

it('obeys deny before allow', () => {
  const rules = policy({ allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] });
  expect(allows('10.8.0.1', rules)).toBe(true);
  expect(allows('10.9.0.1', rules)).toBe(false);
  const translated = policy({ allow: ['64:ff9b::/96'], deny: ['10.9.0.0/16'] });
  expect(allows('64:ff9b::a08:1', translated)).toBe(true);
  expect(allows('64:ff9b::a09:1', translated)).toBe(false);
});

it('refuses ports below 1024 unless an option allows them', () => {
  const address = { ip: '10.0.0.1', port: 80 };
  expect(policy().refusal(address)).toContain('addresses.privilegedPorts');
  expect(policy({ privilegedPorts: true }).refusal(address)).toBeUndefined();
});

describe('the options', () => {
  it.each([
    [{ allow: '10.0.0.0/8' }, /addresses\.allow: .*must be an array/],
    [{ deny: ['10.0.0.0/33'] }, /addresses\.deny\[0\]: "10\.0\.0\.0\/33"/],
    [{ allow: ['example.com'] }, /addresses\.allow\[0\]/],
    [{ allow: ['10.0.0.0/8/9'] }, /addresses\.allow\[0\]/],
    [{ privilegedPorts: 1 }, /addresses\.privilegedPorts/],
    [{ open: true }, /addresses\.open/],
  ])('refuse %j', (options, message) => {
    expect(() => resolveAddressOptions(options, 'addresses')).toThrow(message);
  });

  it('read ranges of IPv4-mapped addresses', () => {
    const rules = policy({ allow: ['::ffff:8.8.0.0/112'] });
    expect(allows('8.8.3.4', rules)).toBe(true);
    expect(allows('8.9.3.4', rules)).toBe(false);
  });
});
