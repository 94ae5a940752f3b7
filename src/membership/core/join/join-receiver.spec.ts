import { resolveLimitOptions } from '../../../options/limits.options.js';
import type { JoinAnswer } from '../../../wire/bodies.js';
import type { RefusedJoin } from '../membership.types.js';
import { OURS, never } from '../testing-support/checked-cloud.js';
import {
  TestCloud,
  idsOf,
  infoOf,
  told,
  type TestPeer,
} from '../testing-support/test-cloud.js';

const FEATURES = OURS.features;

describe('JoinReceiver', () => {
  let cloud: TestCloud;
  let a: TestPeer;

  beforeEach(() => {
    cloud = new TestCloud();
    a = cloud.peer('a', { ticks: false });
  });

  const refusal = (code: string) => ({ status: 'rejected', error: { code } });

  it('lets in who answers at its address with its id, and says who is there', async () => {
    const fake = cloud.fake('f');
    const answer = await cloud.settle(fake.join(a.address, { data: { n: 1 } }));
    expect(answer).toEqual({
      status: 'joined',
      id: 'f',
      ...fake.address,
      self: { id: 'a', data: { name: 'a' } },
      peers: [],
    });
    expect(a.core.get('f')).toMatchObject({
      ...fake.address,
      data: { n: 1 },
      features: [],
    });
    expect(cloud.to('f', 'status')).toHaveLength(1);
  });

  it('says its own address, and all it knows of others, to a joiner with features only', async () => {
    const b = cloud.peer('b', { seeds: [a.address], ticks: false });
    await cloud.clock.run(500);
    const legacy = await cloud.settle(cloud.fake('l').join(a.address));
    expect(legacy.peers).toEqual([
      { id: 'b', ...b.address, data: { name: 'b' } },
    ]);
    const modern = cloud.fake('m', { status: { features: FEATURES } });
    const answer = await cloud.settle(
      modern.join(a.address, { features: FEATURES, incarnation: 1 }),
    );
    expect(answer.self).toMatchObject({
      id: 'a',
      ...a.address,
      features: [...a.core.self.features],
    });
    expect(answer.peers).toContainEqual(infoOf(b));
  });

  it('infers address, port and id', async () => {
    const fake = cloud.fake('named-by-status', { ip: '10.0.9.9' });
    const answer = await cloud.settle(fake.send(a.address, 'join', {}));
    expect(answer.body).toMatchObject({
      id: 'named-by-status',
      ip: '10.0.9.9',
      port: 9338,
    });

    const nameless = cloud.fake('n', {
      ip: '10.0.9.10',
      answer: () => ({ online: true }),
    });
    const { body } = await cloud.settle(nameless.send(a.address, 'join', {}));
    expect((body as { id: string }).id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses its own id', async () => {
    const thief = cloud.fake('a', { ip: '10.0.9.1' });
    expect(await cloud.settle(thief.join(a.address))).toMatchObject(
      refusal('ID_TAKEN'),
    );
  });

  it("refuses a member's id from elsewhere while the member answers", async () => {
    const member = cloud.fake('m');
    await cloud.settle(member.join(a.address));
    const thief = cloud.fake('m', { ip: '10.0.9.1' });
    expect(await cloud.settle(thief.join(a.address))).toMatchObject(
      refusal('ID_TAKEN'),
    );
    expect(a.core.get('m')?.ip).toBe(member.address.ip);

    member.process.vanish();
    expect(await cloud.settle(thief.join(a.address))).toMatchObject({
      status: 'joined',
    });
    expect(a.core.get('m')?.ip).toBe('10.0.9.1');
  });

  it('takes a re-join from the same address', async () => {
    const member = cloud.fake('m');
    await cloud.settle(member.join(a.address));
    expect(await cloud.settle(member.join(a.address))).toMatchObject({
      status: 'joined',
    });
    expect(a.events.map(({ type }) => type)).toEqual([
      'cloud.joined',
      'peer.joined',
    ]);
  });

  it('ends who was at the address before', async () => {
    const before = cloud.fake('before');
    await cloud.settle(before.join(a.address));
    const after = cloud.fake('after', before.address);
    await cloud.settle(after.join(a.address));
    expect(idsOf(a)).toEqual(['after']);
    // It was the only other one, but the cloud was never gone.
    expect(told(a)).toEqual([
      'cloud.joined',
      'peer.joined before',
      'peer.left before replaced',
      'peer.joined after',
    ]);
  });

  it.each([
    ['another name', { cloud: 'x' }],
    ['no name', {}],
  ])('refuses a joiner with %s', async (_, extra) => {
    const named = cloud.peer('named', { cloud: 'production', ticks: false });
    const answer = await cloud.settle(
      cloud.fake('f').join(named.address, extra),
    );
    expect(answer).toMatchObject(refusal('WRONG_CLOUD'));
    expect(cloud.to('f', 'status')).toEqual([]);
  });

  it('refuses when the list is full, but not a member', async () => {
    const small = cloud.peer('small', {
      options: { maxPeers: 1 },
      ticks: false,
    });
    const first = cloud.fake('first');
    await cloud.settle(first.join(small.address));
    expect(
      await cloud.settle(cloud.fake('second').join(small.address)),
    ).toMatchObject(refusal('CLOUD_FULL'));
    expect(await cloud.settle(first.join(small.address))).toMatchObject({
      status: 'joined',
    });
  });

  it('tells all others before it answers, legacy members without extensions', async () => {
    const legacy = cloud.fake('l');
    await cloud.settle(legacy.join(a.address));
    cloud.peer('b', { seeds: [a.address], ticks: false });
    await cloud.until(() => idsOf(a).length === 2);
    const told = cloud.to('l', 'joined').map(({ body }) => body);
    expect(told).toEqual([
      { id: 'b', ip: expect.any(String), port: 9338, data: { name: 'b' } },
    ]);
  });

  it('does not wait long for members that do not take note', async () => {
    const stuck = cloud.fake('stuck', {
      answer: (endpoint) =>
        endpoint === 'joined' ? new Promise(() => {}) : undefined,
    });
    await cloud.settle(stuck.join(a.address));
    const start = cloud.clock.monotonic();
    expect(await cloud.settle(cloud.fake('f').join(a.address))).toMatchObject({
      status: 'joined',
    });
    expect(cloud.clock.monotonic() - start).toBeLessThan(400);
  });

  it('does not tell legacy members again of a re-join, and of a new address as of a new member', async () => {
    const legacy = cloud.fake('l');
    const member = cloud.fake('m');
    await cloud.settle(legacy.join(a.address));
    await cloud.settle(member.join(a.address));
    await cloud.settle(member.join(a.address));
    expect(cloud.to('l', 'joined')).toHaveLength(1);

    member.process.vanish();
    const moved = cloud.fake('m', { ip: '10.0.9.1' });
    await cloud.settle(moved.join(a.address));
    const told = cloud.requests
      .filter(({ to, from }) => to === 'l' && from === 'a')
      .slice(-2);
    expect(told).toMatchObject([
      { endpoint: 'left', body: { id: 'm' } },
      { endpoint: 'joined', body: { id: 'm', ip: '10.0.9.1' } },
    ]);
  });

  it('lets two newcomers at once know of each other', async () => {
    const b = cloud.peer('b', { seeds: [a.address], ticks: false });
    await cloud.clock.run(500);
    const first = cloud.fake('first');
    const second = cloud.fake('second');
    const answers = (await cloud.settle(
      Promise.all([first.join(a.address), second.join(b.address)]),
    )) as unknown as JoinAnswer[];
    await cloud.clock.run(2000);
    const knows = (index: number, id: string, to: string) =>
      'peers' in answers[index]! &&
      answers[index].peers.some((peer) => peer.id === id)
        ? 1
        : cloud.to(to, 'joined').filter(({ body }) => body.id === id).length;
    expect(knows(0, 'second', 'first')).toBe(1);
    expect(knows(1, 'first', 'second')).toBe(1);
  });

  it('asks the application, and the signature of the record', async () => {
    const wary = cloud.peer('wary', {
      env: { verifyRecord: ({ signature }) => signature === 'good' },
      ticks: false,
    });
    const fake = cloud.fake('f');
    expect(
      await cloud.settle(fake.join(wary.address, { signature: 'bad' })),
    ).toMatchObject(refusal('CHECK_FAILED'));
    const signed = { features: FEATURES, incarnation: 1, signature: 'good' };
    expect(await cloud.settle(fake.join(wary.address, signed))).toMatchObject({
      status: 'joined',
    });
    expect(wary.core.get('f')?.signature).toBe('good');
  });

  it('asks the application about nobody whose record is forged', async () => {
    const asked: string[] = [];
    const wary = cloud.peer('wary', {
      ticks: false,
      env: {
        verifyRecord: ({ signature }) => signature === 'good',
        authorize: ({ id }) => asked.push(id) > 0,
      },
    });
    for (const [id, signature] of [
      ['forged', 'bad'],
      ['sound', 'good'],
    ] as const) {
      const fake = cloud.fake(id, { status: { features: FEATURES } });
      const extra = { features: FEATURES, incarnation: 1, signature };
      await cloud.settle(fake.join(wary.address, extra));
    }
    expect(asked).toEqual(['sound']);
  });

  it('reports each refusal, and logs them at a limited rate', async () => {
    const refused: RefusedJoin[] = [];
    const wary = cloud.peer('wary', {
      ticks: false,
      env: { onJoinRefused: (refusal) => void refused.push(refusal) },
    });
    const fake = cloud.fake('f');
    const joins = Array.from({ length: 20 }, () =>
      fake.join(wary.address, { id: 'other' }),
    );
    await cloud.settle(Promise.all(joins));
    expect(refused).toHaveLength(20);
    expect(refused[0]).toEqual({
      self: 'wary',
      code: 'CHECK_FAILED',
      reason: expect.stringContaining('answers with the id f') as string,
      id: 'other',
      remoteAddress: fake.address.ip,
    });
    expect(wary.log).toHaveLength(1);
  });
});

describe('JoinAdmission', () => {
  it('tells of a joiner once, however many of its requests come at once', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    await cloud.clock.complete(cloud.fake('witness').join(a.address));
    const x = cloud.fake('x');
    const joins = Array.from({ length: 5 }, () => x.join(a.address));
    const answers = await cloud.clock.complete(Promise.all(joins));
    expect(answers.every(({ status }) => status === 'joined')).toBe(true);
    expect(cloud.to('witness', 'joined')).toHaveLength(1);
    expect(idsOf(a)).toEqual(['witness', 'x']);
  });

  it('lets legacy members list a member once that it did not know', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    await cloud.clock.complete(cloud.fake('witness').join(a.address));
    const x = cloud.fake('x', { status: { joined: true } });
    await cloud.clock.complete(x.join(a.address));
    expect(
      cloud.requests
        .filter(({ to, body }) => to === 'witness' && body.id === 'x')
        .map(({ endpoint }) => endpoint),
    ).toEqual(['left', 'joined']);
  });

  it('names as many members as the answer has room for, and leaves the rest to /sync', async () => {
    const cloud = new TestCloud();
    const limits = resolveLimitOptions({ maxAnswerBytes: 20_000 }, 'limits');
    const options = { limits };
    const a = cloud.peer('a', { ticks: false, options });
    for (let n = 0; n < 6; n++) {
      await cloud.settle(cloud.fake(`met${n}`).join(a.address));
    }
    const data = { text: 'x'.repeat(4000) };
    const members = Array.from({ length: 6 }, (_, n) => ({
      id: `named${n}`,
      ip: '10.6.0.1',
      port: 1000 + n,
      data,
      incarnation: 1,
      state: 'alive',
    }));
    await a.core.receiveSync({ members }, a.core.get('met0')!);
    expect(idsOf(a)).toHaveLength(12);
    const joiner = cloud.fake('joiner');
    const answer = await cloud.settle(joiner.join(a.address));
    expect(JSON.stringify(answer).length).toBeLessThan(20_000);
    const named = (answer.peers as { id: string }[]).map(({ id }) => id);
    expect(named.slice(0, 6)).toEqual(
      idsOf(a).filter((id) => id.startsWith('met')),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.length).toBeLessThan(12);

    const b = cloud.peer('b', { seeds: [a.address], options });
    await cloud.until(() => idsOf(b).length === 13, 120_000);
  });

  it('tells a legacy member of one that it may list only after it has forgotten it', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    const witness = cloud.fake('witness', {
      answer: (endpoint) => (endpoint === 'left' ? never : undefined),
    });
    await cloud.clock.complete(witness.join(a.address));
    const x = cloud.fake('x', { status: { joined: true } });
    await cloud.clock.complete(x.join(a.address));
    await cloud.clock.run(5000);
    expect(cloud.to('witness', 'left')).toHaveLength(1);
    expect(cloud.to('witness', 'joined')).toEqual([]);
  });
});
