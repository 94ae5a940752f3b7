import { generateKeyPairSync } from 'node:crypto';
import { ConflictException, Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import {
  KeysService,
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerBody,
  PeerCloudModule,
  PeerMetadata,
  type MessageError,
  type MessageMetadata,
  type Peer,
} from '../../../src/index.js';
import { KeyOwners } from '../../../src/keys/index.js';
import type { TestPeerOptions } from '../../../src/testing/index.js';
import { createCloud, type Cloud } from '../../support/clouds.js';
import { until } from '../../support/until.js';
import { closePeers, startPeer } from '../module/support/peer-app.js';

@Injectable()
class Handlers {
  readonly handled: unknown[] = [];
  readonly waiting: (() => void)[] = [];

  @OnPeerMessage('who')
  who(@PeerBody() body: object, @PeerMetadata() metadata: MessageMetadata) {
    this.handled.push(body);
    return { metadata };
  }

  @OnPeerMessage('mine', { key: ({ user }: { user: string }) => user })
  mine(body: object) {
    this.handled.push(body);
    return { handled: body };
  }

  @OnPeerMessage('fail')
  fail() {
    throw new ConflictException({ why: 'taken' });
  }

  @OnPeerMessage('wait')
  async wait() {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

const KEYS = Array.from({ length: 200 }, (_, n) => `user:${n}`);

let cloud: Cloud;

const keysOf = (index: number) => cloud.get(index, KeysService);
const idOf = (index: number) => cloud.id(index);
const handledBy = (index: number) => cloud.get(index, Handlers).handled;

/** Who owns the keys, as a peer sees it. */
const ownersBy = (index: number) =>
  KEYS.map((key) => keysOf(index).ownerOf(key).id);

/** The peers own keys, and agree on whose they are. */
function share(peers: readonly number[], among = peers): boolean {
  const owners = ownersBy(peers[0]!);
  return (
    new Set(owners).size === among.length &&
    peers.every((peer) => ownersBy(peer).join() === owners.join())
  );
}

const THREE = [0, 1, 2];

async function startThree(
  peerCloud: (n: number) => TestPeerOptions = () => ({}),
): Promise<void> {
  const module = {
    imports: [PeerCloudModule.forRoot()],
    providers: [Handlers],
  };
  const createApp = (app: TestingModule) =>
    app.createNestApplication({ logger: false });
  cloud = await createCloud(3, module, { peerCloud, createApp });
}

/** As if the peer's list were another one. */
function believes(peer: number, owner: number): void {
  const { self } = cloud.get(owner, MembershipService);
  const seen = cloud.get(peer, MembershipService).get(self.id)!;
  vi.spyOn(cloud.get(peer, KeyOwners), 'ownerOf').mockReturnValue(seen);
}

afterEach(async () => {
  vi.restoreAllMocks();
  await cloud.close();
});

describe('owners', () => {
  it.each<[string, (n: number) => TestPeerOptions]>([
    ['an open cloud', () => ({})],
    ['a cloud with a key for each peer', withKeys()],
  ])(
    'are the same for all peers of %s, once these have settled',
    async (_, of) => {
      await startThree(of);
      await cloud.until(() => share(THREE));
      for (const key of KEYS) {
        const owners = THREE.filter((peer) => keysOf(peer).isOwner(key));
        expect(owners.map(idOf)).toEqual([keysOf(0).ownerOf(key).id]);
        const ranked = THREE.map((peer) =>
          keysOf(peer)
            .ownersOf(key, 2)
            .map(({ id }) => id)
            .join(),
        );
        expect(new Set(ranked).size).toBe(1);
        expect(ranked[0]).toMatch(`${idOf(owners[0]!)},`);
      }
    },
  );

  it('are new where somebody comes or goes, and only as far as must be', async () => {
    await startThree();
    const changes: Peer[][] = [];
    keysOf(0).changes$.subscribe((owners) => changes.push(owners));
    const before = ownersBy(0);

    const [newcomer] = await cloud.add();
    await cloud.until(() => share([...THREE, newcomer!]));
    const with4 = ownersBy(0);
    expect(
      changes
        .at(-1)!
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...THREE, newcomer!].map(idOf).sort());
    with4.forEach((owner, at) => {
      expect([before[at], idOf(newcomer!)]).toContain(owner);
    });

    await cloud.apps[newcomer!]!.close();
    await cloud.until(() => share(THREE));
    expect(ownersBy(0)).toEqual(before);
    expect(changes.at(-1)).toHaveLength(3);
  });

  it('are only those who are eligible, each by its weight', async () => {
    await startThree((n) => ({
      keys: [{}, { weight: 3 }, { eligible: false }][n],
    }));
    const [first, heavy, declining] = [0, 1, 2];
    await cloud.until(() => share(THREE, [first, heavy]));
    const count = ownersBy(first).filter((id) => id === idOf(heavy)).length;
    expect(count).toBeGreaterThan(KEYS.length / 2);

    keysOf(declining).update({ eligible: true });
    await cloud.until(() => share(THREE));
    keysOf(heavy).update({ weight: 0.01 });
    await cloud.until(
      () => ownersBy(declining).filter((id) => id === idOf(heavy)).length < 20,
    );
    expect(() => keysOf(first).update({ weight: 0 })).toThrow(
      expect.objectContaining({ path: 'keys.weight' }),
    );

    for (const peer of THREE) {
      keysOf(peer).update({ eligible: false });
    }
    await cloud.until(() => keysOf(first).ownersOf('k', 3).length === 0);
    expect(() => keysOf(first).ownerOf('k')).toThrow(
      expect.objectContaining({ code: 'NO_OWNER' }),
    );
    expect(keysOf(first).isOwner('k')).toBe(false);
    await expect(keysOf(first).send('k', {})).rejects.toMatchObject({
      code: 'NO_OWNER',
    });
  });
});

describe('owners in a cloud that has none yet', () => {
  afterEach(closePeers);

  it('are oneself', async () => {
    const { app, membership } = await startPeer({ providers: [Handlers] });
    const keys = app.get(KeysService, { strict: false });
    expect(keys.ownerOf('k')).toBe(membership.self);
    expect(keys.ownersOf('k', 2)).toEqual([membership.self]);
    expect(await keys.send('k', { type: 'who' })).toEqual({
      by: membership.self.id,
      value: { metadata: {} },
    });
  });
});

describe('messages to owners', () => {
  const owner = 2;
  const others = [0, 1] as const;
  let key: string;

  beforeEach(async () => {
    await startThree();
    await cloud.until(() => share(THREE));
    key = KEYS.find((each) => keysOf(owner).isOwner(each))!;
  });

  it('are handled there, whoever sends them', async () => {
    const metadata = { tenant: 'a' };
    for (const peer of THREE) {
      const body = { type: 'who', n: peer };
      expect(await keysOf(peer).send(key, body, { metadata })).toEqual({
        by: idOf(owner),
        value: { metadata },
      });
    }
    expect(handledBy(owner)).toHaveLength(3);
    expect(others.flatMap(handledBy)).toEqual([]);
  });

  it('fail as others do', async () => {
    const keys = keysOf(others[0]);
    await expect(keys.send(key, { type: 'fail' })).rejects.toMatchObject({
      code: 'BAD_STATUS',
      status: 409,
      peerId: idOf(owner),
    });
    await expect(keys.send(key, { type: 'none' })).rejects.toMatchObject({
      code: 'NO_HANDLER',
    });
    await expect(keys.send(key, 7)).rejects.toMatchObject({
      code: 'INVALID_BODY',
    });
    await expect(keys.send(key, {}, { timeout: 0 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    await expect(
      keys.send(key, { type: 'wait' }, { timeout: 50 }),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('are passed on by who is not the owner, and the reply says who answered', async () => {
    const [sender, wrong] = others;
    believes(sender, wrong);
    expect(await keysOf(sender).send(key, { type: 'who' })).toMatchObject({
      by: idOf(owner),
    });
    expect(handledBy(wrong)).toEqual([]);
    await expect(
      keysOf(sender).send(key, { type: 'fail' }),
    ).rejects.toMatchObject({ status: 409, peerId: idOf(owner) });
  });

  it('are passed on once, where all lists differ', async () => {
    const [first, second] = others;
    believes(first, second);
    believes(second, owner);
    believes(owner, first);
    const reply = await keysOf(first).send(key, { type: 'who' });
    expect(reply.by).toBe(idOf(owner));
    believes(second, first);
    const back = await keysOf(first).send(key, { type: 'who' });
    expect(back.by).toBe(idOf(first));
  });

  it('that come to a handler with a key are passed on as well', async () => {
    const [sender, wrong] = others;
    const messaging = cloud.get(sender, MessagingService);
    const body = { type: 'mine', user: key };
    for (const to of [wrong, owner, sender]) {
      expect(await messaging.send(idOf(to), body)).toEqual({ handled: body });
    }
    expect(handledBy(owner)).toEqual([body, body, body]);
    expect(others.flatMap(handledBy)).toEqual([]);
    const anybody = { type: 'mine' };
    await messaging.send(idOf(wrong), anybody);
    expect(handledBy(wrong)).toEqual([anybody]);
    const broken = messaging.send(idOf(wrong), {
      type: 'mine',
      user: { toString: 'no key' },
    });
    await expect(broken).rejects.toMatchObject({ status: 500 });
  });

  it('go to the next owner, where the owner dies before they are there', async () => {
    const [sender] = others;
    const next = keysOf(sender).ownersOf(key, 2)[1]!.id;
    await cloud.kill(owner);
    const reply = keysOf(sender).send(
      key,
      { type: 'who' },
      { timeout: 20_000 },
    );
    await cloud.settled();
    expect((await reply).by).toBe(next);
  });

  it('are lost where the owner dies at work on them, and not sent again', async () => {
    const [sender, wrong] = others;
    const patient = { timeout: 30_000 };
    const direct = keysOf(sender).send(key, { type: 'wait' }, patient);
    const isLost = expect(direct).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      peerId: idOf(owner),
    });
    const { waiting } = cloud.get(owner, Handlers);
    await cloud.until(() => waiting.length === 1);
    believes(sender, wrong);
    const passed = keysOf(sender).send(key, { type: 'wait' }, patient);
    const isLostToo = expect(passed).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      peerId: idOf(owner),
    });
    await cloud.until(() => waiting.length === 2);
    await cloud.kill(owner);
    await Promise.all([isLost, isLostToo]);
    expect(
      others.flatMap((other) => cloud.get(other, Handlers).waiting),
    ).toEqual([]);
  });

  it('end with their signal while they wait for an owner', async () => {
    const [sender] = others;
    await cloud.kill(owner);
    const codeOf = async () => {
      const caller = new AbortController();
      const { signal } = caller;
      const sent = keysOf(sender).send(
        key,
        { type: 'who' },
        { signal, timeout: 20_000 },
      );
      setImmediate(() => caller.abort(new Error('enough')));
      return sent.catch(({ code }: MessageError) => code);
    };
    // The first may go by a connection that nobody knows to be broken.
    await until(async () => (await codeOf()) === 'ABORTED');
  });
});

function withKeys(): (n: number) => TestPeerOptions {
  const pairs = [0, 1, 2].map(() => generateKeyPairSync('ed25519'));
  const trustedKeys = pairs.map(({ publicKey }) => publicKey);
  return (n) => ({
    security: { privateKey: pairs[n]!.privateKey, trustedKeys },
  });
}
