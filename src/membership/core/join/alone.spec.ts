import {
  TestCloud,
  type TestPeerOptions,
} from '../testing-support/test-cloud.js';

/** A peer whose log has the levels. */
function start(cloud: TestCloud, id: string, options: TestPeerOptions) {
  const lines: string[] = [];
  const logger = {
    log: (text: string) => void lines.push(`log: ${text}`),
    warn: (text: string) => void lines.push(`warn: ${text}`),
    debug: () => {},
  };
  const peer = cloud.peer(id, {
    ...options,
    env: { logger, ...options.env },
  });
  return { ...peer, lines };
}

const CLOSED = { ip: '10.9.0.1', port: 9338 };

describe('a peer whose seeds let it in nowhere', () => {
  it('says so once, with each seed and the reason, then rarely, and when it is over', async () => {
    const cloud = new TestCloud();
    cloud.fake('gone', CLOSED).process.crash();
    const silent = cloud.fake('s', {
      answer: () => cloud.pause(60_000).then(() => ({})),
    });
    const { core, lines } = start(cloud, 'a', {
      seeds: [
        CLOSED,
        { ip: 'nowhere', port: 9338 },
        { ip: 'stale', port: 9338 },
        silent.address,
      ],
      env: {
        resolve: (host) =>
          host === 'nowhere'
            ? Promise.reject(new Error(`ENOTFOUND ${host}`))
            : Promise.resolve(
                host === 'stale' ? ['10.9.0.2', '10.9.0.3'] : [host],
              ),
      },
    });
    await cloud.clock.run(75_000);
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(line).toMatch(/^warn: Alone for \d+ s, and still trying: /);
    expect(line).toContain('10.9.0.1:9338: nobody listens there');
    expect(line).toContain(
      'nowhere:9338: the name is not found: ENOTFOUND nowhere',
    );
    expect(line).toMatch(
      /stale:9338: 10\.9\.0\.[23]:9338 and 1 more: no answer within \d+ ms/,
    );
    expect(line).toMatch(
      new RegExp(`${silent.address.ip}:9338: no answer within \\d+ ms`),
    );
    await cloud.clock.run(15 * 60_000);
    expect(lines).toHaveLength(2);
    cloud.peer('b', CLOSED);
    await cloud.until(() => core.isJoined);
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^log: Alone no more, after 9\d\d s$/),
    ]);
  });

  it('says nothing where the others come within seconds', async () => {
    const cloud = new TestCloud();
    const { core, lines } = start(cloud, 'a', { seeds: [CLOSED] });
    await cloud.clock.run(5000);
    cloud.peer('b', CLOSED);
    await cloud.until(() => core.isJoined);
    expect(lines).toEqual([]);
  });

  it('says nothing where it is the only seed itself', async () => {
    const cloud = new TestCloud();
    const address = { ip: '10.9.0.5', port: 9338 };
    const { core, lines } = start(cloud, 'a', {
      ...address,
      advertises: false,
      seeds: [{ ip: 'self', port: 9338 }],
      env: { resolve: () => Promise.resolve([address.ip]) },
    });
    await cloud.clock.run(75_000);
    expect(core.members()).toEqual([]);
    expect(cloud.to('a', 'join')).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it.each([
    ['it is signed', 401, 'option security'],
    ['it does not like the address', 403, 'options addresses'],
    ['it is a web page', 404, 'what answers there is no peer (status 404)'],
  ])('says what the answer means where %s', async (_, status, reason) => {
    const cloud = new TestCloud();
    const seed = { ip: '10.9.0.6', port: 9338 };
    cloud.network.start({
      ...seed,
      senderId: () => undefined,
      handler: () => Promise.resolve({ status, body: undefined }),
    });
    const { lines } = start(cloud, 'a', { seeds: [seed] });
    await cloud.clock.run(75_000);
    const warnings = lines.filter((line) => line.startsWith('warn'));
    expect(warnings).toEqual([expect.stringContaining(reason)]);
    expect(lines.length).toBeLessThanOrEqual(2);
  });

  it('names the option by which it refuses the address of a seed itself', async () => {
    const cloud = new TestCloud();
    const seed = cloud.peer('seed', { port: 80 });
    const { core, lines } = start(cloud, 'a', {
      seeds: [seed.address],
      env: {
        addressRefusal: ({ port }) =>
          port < 1024 ? 'has a port below 1024 (option x)' : undefined,
      },
    });
    await cloud.clock.run(30_000);
    expect(core.isJoined).toBe(false);
    expect(lines.find((line) => line.startsWith('warn'))).toContain(
      `${seed.address.ip}:80 of seed has a port below 1024 (option x)`,
    );
  });
});

describe('a second living peer with an id that is taken', () => {
  it('is a warning at both of them, and names where the first one lives', async () => {
    const cloud = new TestCloud();
    const first = start(cloud, 'same', { hasFixedId: true });
    const other = start(cloud, 'other', { seeds: [first.address] });
    await cloud.until(() => other.core.isJoined);
    const second = start(cloud, 'same', {
      hasFixedId: true,
      seeds: [other.address],
    });
    await cloud.until(() => second.lines.length > 0);
    expect(second.lines[0]).toMatch(
      /^warn: .* another peer that is alive has the id same.*\(option id\)$/,
    );
    expect(other.lines[0]).toMatch(
      new RegExp(
        `^warn: Refused to let in same .*lives at ${first.address.ip}:9338 \\(ID_TAKEN\\).*\\(option id\\)$`,
      ),
    );
  });

  it('is one at the first of them, too', async () => {
    const cloud = new TestCloud();
    const first = start(cloud, 'same', { hasFixedId: true });
    const second = start(cloud, 'same', {
      hasFixedId: true,
      seeds: [first.address],
    });
    await cloud.until(() => second.lines.length > 0);
    expect(first.lines).toEqual([
      expect.stringMatching(/^warn: .*\(option id\)$/),
    ]);
  });
});
