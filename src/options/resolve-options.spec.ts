import { OptionsError } from './option-checks.js';
import { resolvePeerCloudOptions } from './resolve-options.js';

function messageFor(options: unknown): string {
  try {
    resolvePeerCloudOptions(options);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    return (error as OptionsError).message;
  }
  throw new Error(`${JSON.stringify(options)} was accepted`);
}

describe('resolvePeerCloudOptions', () => {
  it('has a default for everything', () => {
    const options = resolvePeerCloudOptions({});
    expect(options).toMatchObject({
      peers: [],
      data: {},
      requestTimeout: 1000,
      messageTimeout: 5000,
      maxMessageBytes: 1_048_576,
      maxPeers: 10_000,
      healthCheck: { cron: '* * * * * *', interval: 1000 },
      membership: { profile: 'lan', probeInterval: 1000 },
      security: { mode: { kind: 'open' } },
    });
    expect(options.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(options.cloud).toBeUndefined();
    expect(options.listener).toBeUndefined();
    expect(Object.isFrozen(options)).toBe(true);
    expect(resolvePeerCloudOptions(undefined).id).not.toBe(options.id);
  });

  it('reads known peers in every form', () => {
    const { peers, membership } = resolvePeerCloudOptions({
      peers: [
        '10.0.0.7:8080',
        'Peers.Internal',
        '[::1]:9000',
        '::ffff:10.0.0.8',
        { ip: 'localhost', port: '4444' },
        { ip: '127.0.0.1', port: 5555 },
        { ip: '127.0.0.1' },
      ],
    });
    expect(peers).toEqual([
      { ip: '10.0.0.7', port: 8080 },
      { ip: 'peers.internal', port: 9338 },
      { ip: '::1', port: 9000 },
      { ip: '10.0.0.8', port: 9338 },
      { ip: 'localhost', port: 4444 },
      { ip: '127.0.0.1', port: 5555 },
      { ip: '127.0.0.1', port: 9338 },
    ]);
    expect(membership.seeds).toEqual(peers);
  });

  it.each([
    [{ requestTimeout: 1000 }, 3000],
    [{ requestTimeout: 200 }, 600],
    [{ requestTimeout: 200, membership: { profile: 'wan' } }, 1200],
    [{ requestTimeout: 200, membership: { joinTimeout: 5000 } }, 5000],
    [{ requestTimeout: 2 ** 31 - 1 }, 120_000],
    [{ requestTimeout: 1 }, 100],
  ])('gives a join its share of the patience: %j', (options, joinTimeout) => {
    expect(resolvePeerCloudOptions(options).membership).toMatchObject({
      joinTimeout,
      requestTimeout: options.requestTimeout,
    });
  });

  it('keeps data as the others will see it', () => {
    const { data } = resolvePeerCloudOptions({
      data: { joined: new Date(0), nothing: undefined },
    });
    expect(data).toEqual({ joined: '1970-01-01T00:00:00.000Z' });
  });

  it('hands on what the membership needs to know', () => {
    const { membership } = resolvePeerCloudOptions({
      requestTimeout: 250,
      maxPeers: 7,
      healthCheck: { cron: '*/5 * * * * *' },
    });
    expect(membership).toMatchObject({
      requestTimeout: 250,
      maxPeers: 7,
      probeInterval: 5000,
    });
  });

  it('wants room for the whole list in one answer', () => {
    const limits = { maxAnswerBytes: 2000 };
    expect(messageFor({ maxPeers: 11, limits })).toBe(
      'limits.maxAnswerBytes: 2000: must be 2200 at least beside maxPeers 11, for the answer to /join has 200 bytes and more for each member; or write 10 for maxPeers',
    );
    expect(messageFor({ maxPeers: 100_000 })).toMatch(/^limits.maxAnswerBytes/);
    const { membership } = resolvePeerCloudOptions({ maxPeers: 10, limits });
    expect(membership.limits.maxAnswerBytes).toBe(2000);
  });

  it('bounds data by what a comparison of lists can carry', () => {
    expect(messageFor({ limits: { maxDataBytes: 300_000 } })).toMatch(
      /^limits.maxDataBytes: 300000: must be .*262,?144/,
    );
  });

  it('normalises the advertised address', () => {
    const { ip, port } = resolvePeerCloudOptions({
      ip: '::ffff:10.0.0.7',
      port: 443,
    });
    expect({ ip, port }).toEqual({ ip: '10.0.0.7', port: 443 });
  });

  it.each<[unknown, string]>([
    [
      { peers: ['a', 'b', 'localhost:99999'] },
      'peers[2]: "localhost:99999": port must be 0 to 65535',
    ],
    [
      { peers: [{ ip: 'localhost', port: 'http' }] },
      'peers[0]: {"ip":"localhost","port":"http"}: port must be 0 to 65535',
    ],
    [
      { peers: ['http://10.0.0.7'] },
      `peers[0]: "http://10.0.0.7": write 'host:port', without a scheme or a path`,
    ],
    [
      { peers: [''] },
      'peers[0]: "": host must be an IP address or a host name',
    ],
    [
      { peers: 'localhost' },
      `peers: "localhost": must be an array, like ['10.0.0.7:9338', 'peers.internal']`,
    ],
    [{ data: [1] }, 'data: [1]: must be a JSON object'],
    [{ data: 'x' }, 'data: "x": must be a JSON object'],
    [
      { id: 'with space' },
      'id: "with space": must be 1 to 128 printable ASCII characters without space',
    ],
    [
      { ip: 'my-host' },
      `ip: "my-host": must be an IP address, like '10.0.0.7' or 'fd00::7'; leave it out to have it inferred`,
    ],
    [{ port: 0 }, 'port: 0: must be a whole number from 1 to 65535'],
    [{ port: '9338' }, 'port: "9338": must be a whole number from 1 to 65535'],
    [
      { listener: { port: 70000 } },
      'listener.port: 70000: must be a whole number from 0 to 65535',
    ],
    [{ listener: 9338 }, 'listener: 9338: must be an object'],
    [
      { listener: { prot: 1 } },
      'listener.prot: 1: there is no such option; known here: port, host',
    ],
    [
      { requestTimeout: -1 },
      'requestTimeout: -1: must be a number from 1 to 2147483647',
    ],
    [
      { messageTimeout: NaN },
      'messageTimeout: NaN: must be a number from 1 to 2147483647',
    ],
    [{ cloud: '' }, 'cloud: "": must be a string that is not empty'],
    [
      { healthCheck: { cron: '*/7 * * * * *' } },
      `healthCheck.cron: "*/7 * * * * *": must be a cron expression that fires evenly, every 1 to 60 s, like '*/5 * * * * *'`,
    ],
    [
      { membership: { profile: 'moon' } },
      'membership.profile: "moon": must be one of "lan", "wan", "local"',
    ],
    [5, 'options: 5: must be an object'],
  ])('refuses %j', (options, message) => {
    expect(messageFor(options)).toBe(message);
  });

  it('names an option that does not exist, and those that do', () => {
    expect(messageFor({ peer: ['x'] })).toMatch(
      /^peer: \["x"\]: there is no such option; known here: peers, data, /,
    );
  });

  it('refuses data that would be too much for the others', () => {
    const data = { text: 'x'.repeat(100) };
    expect(messageFor({ data, limits: { maxDataBytes: 100 } })).toMatch(
      /^data: .*: must be 100 bytes of JSON at most/,
    );
  });

  it('refuses data that JSON cannot carry', () => {
    const data: Record<string, unknown> = {};
    data.self = data;
    expect(messageFor({ data })).toBe(
      'data: [object Object]: must be a JSON object',
    );
  });
});
