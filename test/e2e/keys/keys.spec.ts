import { generateKeyPairSync } from 'node:crypto';
import { ConflictException, Injectable } from '@nestjs/common';
import {
  KeysService,
  OnPeerMessage,
  PeerBody,
  PeerMetadata,
  type MessageMetadata,
  type Peer,
  type PeerCloudOptions,
} from '../../../src/index.js';
import { KeyOwners } from '../../../src/keys/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  cutOff,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

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

const keysOf = ({ app }: PeerApp) => app.get(KeysService, { strict: false });
const idOf = ({ membership }: PeerApp) => membership.self.id;
const handledBy = ({ app }: PeerApp) => app.get(Handlers).handled;

/** Who owns the keys, as a peer sees it. */
const ownersBy = (peer: PeerApp) =>
  KEYS.map((key) => keysOf(peer).ownerOf(key).id);

/** The peers own keys, and agree on whose they are. */
function share(peers: readonly PeerApp[], among = peers): boolean {
  const owners = ownersBy(peers[0]!);
  return (
    new Set(owners).size === among.length &&
    peers.every((peer) => ownersBy(peer).join() === owners.join())
  );
}

async function startThree(
  optionsOf: (n: number) => PeerCloudOptions = () => ({}),
): Promise<PeerApp[]> {
  const peers: PeerApp[] = [];
  for (const n of [0, 1, 2]) {
    const known = peers.map(({ address }) => address);
    const options = { ...optionsOf(n), peers: known };
    peers.push(await startPeer({ providers: [Handlers], options }));
  }
  await until(() => agree(peers));
  return peers;
}

/** A key that a peer owns. */
function keyOf(peer: PeerApp): string {
  return KEYS.find((key) => keysOf(peer).isOwner(key))!;
}

/** As if the peer's list were another one. */
function believes(peer: PeerApp, owner: PeerApp): void {
  const seen = peer.membership.get(idOf(owner))!;
  vi.spyOn(peer.app.get(KeyOwners), 'ownerOf').mockReturnValue(seen);
}

afterEach(async () => {
  vi.restoreAllMocks();
  await closePeers();
});

describe('owners', () => {
  it.each<[string, (n: number) => PeerCloudOptions]>([
    ['an open cloud', () => ({})],
    ['a cloud with a key for each peer', withKeys()],
  ])(
    'are the same for all peers of %s, once these have settled',
    async (_, of) => {
      const peers = await startThree(of);
      await until(() => share(peers));
      for (const key of KEYS) {
        const owners = peers.filter((peer) => keysOf(peer).isOwner(key));
        expect(owners.map(idOf)).toEqual([keysOf(peers[0]!).ownerOf(key).id]);
        const ranked = peers.map((peer) =>
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
    const peers = await startThree();
    await until(() => share(peers));
    const changes: Peer[][] = [];
    keysOf(peers[0]!).changes$.subscribe((owners) => changes.push(owners));
    const before = ownersBy(peers[0]!);

    const newcomer = await startPeer({
      options: { peers: [peers[0]!.address] },
    });
    await until(() => share([...peers, newcomer]));
    const with4 = ownersBy(peers[0]!);
    expect(
      changes
        .at(-1)!
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...peers, newcomer].map(idOf).sort());
    with4.forEach((owner, at) => {
      expect([before[at], idOf(newcomer)]).toContain(owner);
    });

    await newcomer.close();
    await until(() => share(peers));
    expect(ownersBy(peers[0]!)).toEqual(before);
    expect(changes.at(-1)).toHaveLength(3);
  });

  it('are only those who are eligible, each by its weight', async () => {
    const peers = await startThree((n) => ({
      keys: [{}, { weight: 3 }, { eligible: false }][n],
    }));
    const [first, heavy, declining] = peers;
    await until(() => share(peers, [first!, heavy!]));
    const count = ownersBy(first!).filter((id) => id === idOf(heavy!)).length;
    expect(count).toBeGreaterThan(KEYS.length / 2);

    keysOf(declining!).update({ eligible: true });
    await until(() => share(peers));
    keysOf(heavy!).update({ weight: 0.01 });
    await until(
      () =>
        ownersBy(declining!).filter((id) => id === idOf(heavy!)).length < 20,
    );
    expect(() => keysOf(first!).update({ weight: 0 })).toThrow(
      expect.objectContaining({ path: 'keys.weight' }),
    );

    for (const peer of peers) {
      keysOf(peer).update({ eligible: false });
    }
    await until(() => keysOf(first!).ownersOf('k', 3).length === 0);
    expect(() => keysOf(first!).ownerOf('k')).toThrow(
      expect.objectContaining({ code: 'NO_OWNER' }),
    );
    expect(keysOf(first!).isOwner('k')).toBe(false);
    await expect(keysOf(first!).send('k', {})).rejects.toMatchObject({
      code: 'NO_OWNER',
    });
  });

  it('are oneself, before anybody owns anything', async () => {
    const alone = await startPeer({ providers: [Handlers] });
    expect(keysOf(alone).ownerOf('k')).toBe(alone.membership.self);
    expect(keysOf(alone).ownersOf('k', 2)).toEqual([alone.membership.self]);
    expect(await keysOf(alone).send('k', { type: 'who' })).toEqual({
      by: idOf(alone),
      value: { metadata: {} },
    });
  });
});

describe('messages to owners', () => {
  let peers: PeerApp[];
  let owner: PeerApp;
  let others: PeerApp[];
  let key: string;

  beforeEach(async () => {
    peers = await startThree();
    await until(() => share(peers));
    owner = peers[2]!;
    others = peers.slice(0, 2);
    key = keyOf(owner);
  });

  it('are handled there, whoever sends them', async () => {
    const metadata = { tenant: 'a' };
    for (const [n, peer] of peers.entries()) {
      const body = { type: 'who', n };
      expect(await keysOf(peer).send(key, body, { metadata })).toEqual({
        by: idOf(owner),
        value: { metadata },
      });
    }
    expect(handledBy(owner)).toHaveLength(3);
    expect(others.flatMap(handledBy)).toEqual([]);
  });

  it('fail as others do', async () => {
    const keys = keysOf(others[0]!);
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
    believes(sender!, wrong!);
    expect(await keysOf(sender!).send(key, { type: 'who' })).toMatchObject({
      by: idOf(owner),
    });
    expect(handledBy(wrong!)).toEqual([]);
    await expect(
      keysOf(sender!).send(key, { type: 'fail' }),
    ).rejects.toMatchObject({ status: 409, peerId: idOf(owner) });
  });

  it('are passed on once, where all lists differ', async () => {
    const [first, second] = others;
    believes(first!, second!);
    believes(second!, owner);
    believes(owner, first!);
    const reply = await keysOf(first!).send(key, { type: 'who' });
    expect(reply.by).toBe(idOf(owner));
    believes(second!, first!);
    const back = await keysOf(first!).send(key, { type: 'who' });
    expect(back.by).toBe(idOf(first!));
  });

  it('that come to a handler with a key are passed on as well', async () => {
    const [sender, wrong] = others;
    const body = { type: 'mine', user: key };
    for (const to of [wrong!, owner, sender!]) {
      expect(await sender!.messaging.send(idOf(to), body)).toEqual({
        handled: body,
      });
    }
    expect(handledBy(owner)).toEqual([body, body, body]);
    expect(others.flatMap(handledBy)).toEqual([]);
    const anybody = { type: 'mine' };
    await sender!.messaging.send(idOf(wrong!), anybody);
    expect(handledBy(wrong!)).toEqual([anybody]);
    const broken = sender!.messaging.send(idOf(wrong!), {
      type: 'mine',
      user: { toString: 'no key' },
    });
    await expect(broken).rejects.toMatchObject({ status: 500 });
  });

  it('go to the next owner, where the owner dies before they are there', async () => {
    const [sender] = others;
    const next = keysOf(sender!).ownersOf(key, 2)[1]!.id;
    cutOff(owner);
    const reply = await keysOf(sender!).send(
      key,
      { type: 'who' },
      { timeout: 20_000 },
    );
    expect(reply.by).toBe(next);
  });

  it('are lost where the owner dies at work on them, and not sent again', async () => {
    const [sender, wrong] = others;
    const direct = keysOf(sender!).send(key, { type: 'wait' });
    const isLost = expect(direct).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      peerId: idOf(owner),
    });
    const { waiting } = owner.app.get(Handlers);
    await until(() => waiting.length === 1);
    believes(sender!, wrong!);
    const passed = keysOf(sender!).send(key, { type: 'wait' });
    const isLostToo = expect(passed).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      peerId: idOf(owner),
    });
    await until(() => waiting.length === 2);
    cutOff(owner);
    await Promise.all([isLost, isLostToo]);
    expect(others.flatMap(({ app }) => app.get(Handlers).waiting)).toEqual([]);
  });

  it('end with their signal while they wait for an owner', async () => {
    const [sender] = others;
    cutOff(owner);
    const caller = new AbortController();
    const sent = keysOf(sender!).send(
      key,
      { type: 'who' },
      { signal: caller.signal, timeout: 20_000 },
    );
    setImmediate(() => caller.abort(new Error('enough')));
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

function withKeys(): (n: number) => PeerCloudOptions {
  const pairs = [0, 1, 2].map(() => generateKeyPairSync('ed25519'));
  const trustedKeys = pairs.map(({ publicKey }) => publicKey);
  return (n) => ({
    security: { privateKey: pairs[n]!.privateKey, trustedKeys },
  });
}
