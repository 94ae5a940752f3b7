import type { CoreContext } from '../context.js';
import type { MemberRecord, UpdateSource } from '../member-list/index.js';
import type { StatusCaller, StatusReply } from '../status/index.js';
import { addFake, makeCloud, tell } from '../testing-support/checked-cloud.js';
import { makeList, member } from '../testing-support/listed.js';
import { told } from '../testing-support/test-cloud.js';
import type { Prober, Verdict } from './prober.js';
import { Verifier } from './verifier.js';

type Reply = StatusReply | Promise<StatusReply>;

const SILENT: StatusReply = { kind: 'silent' };
const UNVERIFIED: UpdateSource = { origin: 'gossip', from: 'm' };

/** An answer under an id, and an incarnation where one is said. */
const online = (
  id: string | undefined,
  incarnation?: number,
  kind: 'online' | 'leaving' = 'online',
): StatusReply => ({
  kind,
  ms: 1,
  status: {
    ...(id !== undefined && { id }),
    ...(incarnation !== undefined && { incarnation }),
    online: kind === 'online',
  } as never,
});

/** A list, and a verifier that hears the answers given, one after the other. */
function makeVerifier(
  replies: Reply[] = [],
  limits = { maxVerifications: 1, maxWaitingVerifications: 1 },
) {
  const { clock, events, list, changes, heard } = makeList();
  const asked: string[] = [];
  const verdicts: (Verdict['kind'] | Promise<Verdict['kind']>)[] = [];
  const life = { active: true };
  const next = () => replies.shift() ?? SILENT;
  const caller = {
    ask: async ({ id }: MemberRecord, timeout: number) => {
      asked.push(`${id} within ${timeout}`);
      return next();
    },
    askAddress: async (
      { address }: MemberRecord,
      timeout: number,
      id: string,
    ) => {
      asked.push(`${id} at ${address} within ${timeout}`);
      return next();
    },
  };
  const prober = {
    patience: 500,
    direct: async ({ id }: MemberRecord) => {
      asked.push(`${id} directly`);
      return { kind: (await verdicts.shift()) ?? 'silent' };
    },
  };
  const options = { requestTimeout: 2000, limits };
  const verifier = new Verifier(
    { env: { clock }, events, list, life, options } as unknown as CoreContext,
    caller as unknown as StatusCaller,
    prober as unknown as Prober,
  );
  return { verifier, list, changes, heard, asked, verdicts, life };
}

/** A promise, and the way to fulfil it. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

/** Lets everything happen that waits for nothing. */
const steps = () => new Promise<void>((resolve) => setImmediate(resolve));

const OLD = '10.0.0.98:9338';
const NEW = '10.9.9.9:9338';
const moved = (incarnation: number, features?: string[]) =>
  member('b', incarnation, { ip: '10.9.9.9', ...(features && { features }) });

describe('Verifier', () => {
  it.each(['dead', 'left'] as const)(
    'asks nobody because of an update (%s) that is older than what is known',
    async (state) => {
      const { cloud, a } = await makeCloud(['b', 'c']);
      const { fake } = await addFake(cloud, a, 'other');
      const { incarnation } = a.core.get('b')!;
      await tell(cloud, a, fake, {
        id: 'b',
        state,
        incarnation: incarnation - 1,
      });
      await cloud.clock.run(100);
      expect(cloud.to('b', 'status')).toEqual([]);
      await tell(cloud, a, fake, { id: 'b', state, incarnation });
      await cloud.clock.run(100);
      expect(cloud.to('b', 'status')).toHaveLength(1);
      expect(told(a)).toEqual([]);
    },
  );

  describe('of a member that is said to have moved', () => {
    it('asks at the old address, twice where that is silent, then at the new one', async () => {
      const { verifier, list, changes, asked } = makeVerifier([
        SILENT,
        SILENT,
        online('b', 2),
      ]);
      list.apply(member('b', 1), UNVERIFIED);
      verifier.moved(moved(2), 'm');
      await verifier.settled('b');
      expect(asked).toEqual([
        `b at ${OLD} within 500`,
        `b at ${OLD} within 500`,
        `b at ${NEW} within 500`,
      ]);
      expect(changes.at(-1)).toMatchObject({
        kind: 'changed',
        member: { address: NEW, incarnation: 2 },
        source: { origin: 'check', from: 'm', verified: true },
      });
    });

    it.each<[string, StatusReply]>([
      ['nobody', { kind: 'refused' }],
      ['another peer', online('x')],
      ['a peer without an id', online(undefined)],
      ['one that is leaving', online('b', 2, 'leaving')],
    ])(
      'moves it unverified where %s answers at the new address',
      async (_, there) => {
        const { verifier, list, changes } = makeVerifier([
          { kind: 'refused' },
          there,
        ]);
        list.apply(member('b', 1), UNVERIFIED);
        verifier.moved(moved(2), 'm');
        await verifier.settled('b');
        expect(changes.at(-1)).toMatchObject({
          member: { address: NEW, incarnation: 2 },
          source: { verified: false },
        });
      },
    );

    it('raises the incarnation of a legacy member, which has none of its own', async () => {
      const { verifier, list } = makeVerifier([{ kind: 'refused' }]);
      list.apply(member('b', 4, { features: [] }), UNVERIFIED);
      verifier.moved(moved(0, []), 'm');
      await verifier.settled('b');
      expect(list.peek('b')).toMatchObject({ address: NEW, incarnation: 5 });
    });

    it.each(['online', 'leaving'] as const)(
      'takes over all but the address where it answers (%s) at the old one under the new incarnation',
      async (kind) => {
        const { verifier, list, changes, asked } = makeVerifier([
          online('b', 2, kind),
        ]);
        list.apply(member('b', 1), UNVERIFIED);
        verifier.moved(moved(2), 'm');
        await verifier.settled('b');
        expect(asked).toHaveLength(1);
        expect(changes.at(-1)).toMatchObject({
          member: { address: OLD, incarnation: 2 },
          source: { origin: 'check', from: 'm', verified: true },
        });
      },
    );

    it.each([1, undefined])(
      'believes nothing where it answers at the old one under the incarnation %s',
      async (own) => {
        const { verifier, list, changes } = makeVerifier([online('b', own)]);
        list.apply(member('b', 1), UNVERIFIED);
        verifier.moved(moved(2), 'm');
        await verifier.settled('b');
        expect(changes).toHaveLength(1);
      },
    );

    it.each(['busy', 'aborted'] as const)(
      'changes nothing where the question is answered by %s',
      async (kind) => {
        const { verifier, list, changes, asked } = makeVerifier([{ kind }]);
        list.apply(member('b', 1), UNVERIFIED);
        verifier.moved(moved(2), 'm');
        await verifier.settled('b');
        expect(asked).toHaveLength(1);
        expect(changes).toHaveLength(1);
      },
    );

    it('asks nobody where it is not listed, or is there already', async () => {
      const { verifier, list, asked } = makeVerifier();
      verifier.moved(moved(2), 'm');
      await verifier.settled('b');
      list.apply(moved(1), UNVERIFIED);
      verifier.moved(moved(2), 'm');
      await verifier.settled('b');
      expect(asked).toEqual([]);
    });
  });

  describe('of an address that two members are said to have', () => {
    it('lets the one in that answers there', async () => {
      const { verifier, list, changes } = makeVerifier([online('b')]);
      list.apply(member('x', 1, { ip: '10.9.9.9' }), UNVERIFIED);
      verifier.contested(moved(3), {
        origin: 'joined',
        from: 'm',
        legacyNotified: true,
      });
      await verifier.settled('b');
      expect(changes.at(-1)).toMatchObject({
        kind: 'added',
        member: { id: 'b', incarnation: 3 },
        source: {
          origin: 'check',
          from: 'm',
          legacyNotified: true,
          verified: true,
        },
      });
      expect(list.peek('x')).toBeUndefined();
    });

    it('leaves the list alone where another one answers', async () => {
      const { verifier, list, changes } = makeVerifier([online('x')]);
      list.apply(member('x', 1, { ip: '10.9.9.9' }), UNVERIFIED);
      verifier.contested(moved(3), UNVERIFIED);
      await verifier.settled('b');
      expect(changes).toHaveLength(1);
    });

    it.each([
      [[], 0, 8],
      [[], 20, 20],
      [['gossip'], 20, 20],
    ])(
      'brings one with features %o back under incarnation %i as %i, where it was gone under 7',
      async (features, incarnation, expected) => {
        const { verifier, list } = makeVerifier([online('b')]);
        list.apply(moved(7, features), UNVERIFIED);
        list.applyState({ id: 'b', incarnation: 7, state: 'dead' }, UNVERIFIED);
        verifier.contested(moved(incarnation, features), UNVERIFIED);
        await verifier.settled('b');
        expect(list.peek('b')?.incarnation).toBe(expected);
      },
    );

    it('leaves a legacy member that was never gone its incarnation', async () => {
      const { verifier, list } = makeVerifier([online('b')]);
      verifier.contested(moved(4, []), UNVERIFIED);
      await verifier.settled('b');
      expect(list.peek('b')?.incarnation).toBe(4);
    });
  });

  describe('of a member that a legacy peer named', () => {
    it('asks once, and a second time only where it turns out to have features', async () => {
      const { verifier, list, asked } = makeVerifier();
      list.apply(member('b', 1, { features: [] }), UNVERIFIED);
      verifier.identify('b');
      await verifier.settled('b');
      expect(asked).toEqual(['b within 2000']);

      const answer = later<StatusReply>();
      const other = makeVerifier([answer.promise]);
      other.list.apply(member('b', 1, { features: [] }), UNVERIFIED);
      other.verifier.identify('b');
      await steps();
      other.list.apply(member('b', 2), UNVERIFIED);
      answer.resolve(online('b', 3));
      await other.verifier.settled('b');
      expect(other.asked).toEqual(['b within 2000', 'b within 2000']);
    });

    it('asks once where it is gone meanwhile', async () => {
      const answer = later<StatusReply>();
      const { verifier, list, asked } = makeVerifier([answer.promise]);
      list.apply(member('b', 1, { features: [] }), UNVERIFIED);
      verifier.identify('b');
      await steps();
      list.applyState({ id: 'b', incarnation: 1, state: 'dead' }, UNVERIFIED);
      answer.resolve(SILENT);
      await verifier.settled('b');
      expect(asked).toHaveLength(1);
    });

    it('asks nobody whose features are known, and no stranger', async () => {
      const { verifier, list, asked } = makeVerifier();
      list.apply(member('b'), UNVERIFIED);
      verifier.identify('b');
      verifier.identify('x');
      await verifier.settled('b');
      await verifier.settled('x');
      expect(asked).toEqual([]);
    });
  });

  describe('of a member that has left, as a third one says', () => {
    it.each([
      ['silent', 'removed b dead', 'dead'],
      ['refused', 'removed b dead', 'dead'],
      ['leaving', 'removed b left', 'left'],
      ['replaced', 'removed b dead', 'replaced'],
    ] as const)(
      'ends one that is %s (%s, reason %s)',
      async (kind, change, reason) => {
        const { verifier, list, changes, heard, verdicts } = makeVerifier();
        verdicts.push(kind);
        list.apply(member('b'), UNVERIFIED);
        const found: boolean[] = [];
        verifier.left('b', (isAlive) => found.push(isAlive));
        expect(list.get('b')).toBeUndefined();
        await verifier.settled('b');
        expect(found).toEqual([false]);
        expect(heard().at(-1)).toBe(change);
        expect(changes.at(-1)).toMatchObject({
          reason,
          source: { origin: 'left' },
        });
      },
    );

    it.each(['alive', 'unsure'] as const)(
      'puts one back that is %s',
      async (kind) => {
        const { verifier, list, changes, verdicts } = makeVerifier();
        verdicts.push(kind);
        list.apply(member('b'), UNVERIFIED);
        const found: boolean[] = [];
        verifier.left('b', (isAlive) => found.push(isAlive));
        await verifier.settled('b');
        expect(found).toEqual([true]);
        expect(list.get('b')).toBeDefined();
        expect(changes).toHaveLength(1);
      },
    );

    it('asks nobody about strangers, nor twice while it is in doubt', async () => {
      const { verifier, list, asked, verdicts } = makeVerifier();
      verdicts.push('alive');
      list.apply(member('b'), UNVERIFIED);
      verifier.left('x', () => {});
      verifier.left('b', () => {});
      verifier.left('b', () => {});
      await verifier.settled('b');
      await verifier.settled('x');
      expect(asked).toEqual(['b directly']);
    });

    it('asks nobody where the doubt has ended, or the member, before its turn', async () => {
      const { verifier, list, asked } = makeVerifier();
      list.apply(member('b'), UNVERIFIED);
      list.apply(member('c'), UNVERIFIED);
      verifier.left('b', () => {});
      verifier.left('c', () => {});
      list.show('b');
      list.applyState({ id: 'c', incarnation: 1, state: 'dead' }, UNVERIFIED);
      await Promise.all([verifier.settled('b'), verifier.settled('c')]);
      expect(asked).toEqual([]);
    });

    it('says nothing where the member has gone meanwhile', async () => {
      const { verifier, list, verdicts } = makeVerifier();
      const verdict = later<Verdict['kind']>();
      verdicts.push(verdict.promise);
      list.apply(member('b'), UNVERIFIED);
      const found: boolean[] = [];
      verifier.left('b', (isAlive) => found.push(isAlive));
      await steps();
      list.applyState({ id: 'b', incarnation: 1, state: 'dead' }, UNVERIFIED);
      verdict.resolve('silent');
      await verifier.settled('b');
      expect(found).toEqual([]);
    });

    it('shows it again, unasked, where too many wait', async () => {
      const { verifier, list, asked, verdicts } = makeVerifier();
      const verdict = later<Verdict['kind']>();
      verdicts.push(verdict.promise, 'alive');
      for (const id of ['b', 'c', 'd']) {
        list.apply(member(id), UNVERIFIED);
        verifier.left(id, () => {});
        await steps();
      }
      expect(list.get('d')).toBeDefined();
      expect(list.get('c')).toBeUndefined();
      verdict.resolve('alive');
      await Promise.all(['b', 'c', 'd'].map((id) => verifier.settled(id)));
      expect(asked).toEqual(['b directly', 'c directly']);
      expect(list.members()).toHaveLength(3);
    });
  });

  describe('of a member that is gone, as gossip says', () => {
    const end = { id: 'b', incarnation: 1, state: 'left' } as const;

    it.each([
      ['silent', 'left'],
      ['refused', 'left'],
      ['leaving', 'left'],
      ['replaced', 'replaced'],
    ] as const)(
      'believes it where that one is %s (reason %s)',
      async (kind, reason) => {
        const { verifier, list, changes, verdicts } = makeVerifier();
        verdicts.push(kind);
        list.apply(member('b'), UNVERIFIED);
        verifier.ended(end, UNVERIFIED);
        await steps();
        expect(changes.at(-1)).toMatchObject({
          kind: 'removed',
          member: { state: 'left' },
          reason,
          source: UNVERIFIED,
        });
      },
    );

    it.each(['alive', 'unsure'] as const)(
      'does not believe it where that one is %s',
      async (kind) => {
        const { verifier, list, verdicts } = makeVerifier();
        verdicts.push(kind);
        list.apply(member('b'), UNVERIFIED);
        verifier.ended(end, UNVERIFIED);
        await steps();
        expect(list.get('b')).toBeDefined();
      },
    );

    it('changes nothing once this peer leaves', async () => {
      const { verifier, list, life } = makeVerifier();
      list.apply(member('b'), UNVERIFIED);
      life.active = false;
      verifier.ended(end, UNVERIFIED);
      await steps();
      expect(list.get('b')).toBeDefined();
    });

    it('asks once at a time, again later, and nobody about strangers and old updates', async () => {
      const { verifier, list, asked, verdicts } = makeVerifier();
      verdicts.push('alive', 'alive');
      list.apply(member('b'), UNVERIFIED);
      verifier.ended(end, UNVERIFIED);
      verifier.ended(end, UNVERIFIED);
      verifier.ended({ ...end, id: 'x' }, UNVERIFIED);
      await steps();
      expect(asked).toEqual(['b directly']);
      verifier.ended({ ...end, incarnation: 0 }, UNVERIFIED);
      await steps();
      expect(asked).toEqual(['b directly']);
      verifier.ended(end, UNVERIFIED);
      await steps();
      expect(asked).toEqual(['b directly', 'b directly']);
    });

    it('asks nobody that has gone before its turn', async () => {
      const { verifier, list, asked, verdicts } = makeVerifier();
      const verdict = later<Verdict['kind']>();
      verdicts.push(verdict.promise);
      list.apply(member('c'), UNVERIFIED);
      list.apply(member('b'), UNVERIFIED);
      verifier.ended({ ...end, id: 'c' }, UNVERIFIED);
      verifier.ended(end, UNVERIFIED);
      list.applyState({ ...end, state: 'dead' }, UNVERIFIED);
      verdict.resolve('alive');
      await steps();
      expect(asked).toEqual(['c directly']);
    });
  });

  it('runs one check at a time for each id, and of those that wait the newest', async () => {
    const first = later<StatusReply>();
    const { verifier, list, asked } = makeVerifier([first.promise]);
    list.apply(member('b', 1), UNVERIFIED);
    verifier.moved(moved(2), 'm');
    await steps();
    verifier.moved(moved(3), 'm');
    verifier.moved(moved(4), 'm');
    await steps();
    expect(asked).toHaveLength(1);
    first.resolve({ kind: 'busy' });
    await verifier.settled('b');
    // Twice at the old address and twice at the new one, for the newest.
    expect(asked).toHaveLength(5);
    expect(list.peek('b')?.incarnation).toBe(4);
    await verifier.settled('b');
  });

  it('tells the one that loses its place that it was skipped', async () => {
    const first = later<StatusReply>();
    const { verifier, list } = makeVerifier([first.promise]);
    list.apply(member('b', 1), UNVERIFIED);
    verifier.moved(moved(2), 'm');
    await steps();
    verifier.left('b', () => {});
    expect(list.get('b')).toBeUndefined();
    verifier.moved(moved(3), 'm');
    expect(list.get('b')).toBeDefined();
    first.resolve({ kind: 'busy' });
    await verifier.settled('b');
  });
});
