import type { Peer } from '../membership/peer.js';
import { Broadcast } from './broadcast.js';
import { UnreachableError } from './messaging.errors.js';

interface Call {
  resolve: (value: string) => void;
  reject: (error: Error) => void;
}

function start(count: number, concurrency = 10) {
  const peers = Array.from(
    { length: count },
    (_, at) => ({ id: `p${at}` }) as Peer,
  );
  const calls = new Map<string, Call>();
  const broadcast = new Broadcast<string>({
    peers,
    concurrency,
    send: ({ id }) =>
      new Promise((resolve, reject) => calls.set(id, { resolve, reject })),
  });
  const reply = (id: string) => calls.get(id)!.resolve(`from ${id}`);
  const fail = (id: string) => calls.get(id)!.reject(new UnreachableError(id));
  return { broadcast, calls, reply, fail };
}

describe('Broadcast', () => {
  it('has no results without peers', async () => {
    const { broadcast } = start(0);
    expect(await broadcast).toEqual([]);
    for await (const result of broadcast) {
      expect.unreachable(result.peer.id);
    }
    await expect(broadcast.quorum(1)).rejects.toMatchObject({
      code: 'NO_QUORUM',
    });
  });

  it('resolves to all results in the order of the peers, errors among them', async () => {
    const { broadcast, reply, fail } = start(3);
    reply('p2');
    fail('p1');
    reply('p0');
    const results = await broadcast;
    expect(results.map(({ peer }) => peer.id)).toEqual(['p0', 'p1', 'p2']);
    expect(results[0]!.value).toBe('from p0');
    expect(results[1]!.error).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('yields each result when it comes, to each who iterates', async () => {
    const { broadcast, reply, fail } = start(3);
    const ids = async () => {
      const seen: string[] = [];
      for await (const { peer } of broadcast) {
        seen.push(peer.id);
      }
      return seen;
    };
    const first = ids();
    fail('p2');
    reply('p0');
    const second = ids();
    await Promise.resolve();
    reply('p1');
    expect(await first).toEqual(['p2', 'p0', 'p1']);
    expect(await second).toEqual(['p2', 'p0', 'p1']);
  });

  it('takes the first replies without waiting for the rest', async () => {
    const { broadcast, reply, fail } = start(4);
    fail('p0');
    reply('p3');
    reply('p1');
    const taken = await broadcast.take(2);
    expect(taken.map(({ value }) => value)).toEqual(['from p3', 'from p1']);
    expect(await broadcast.take(0)).toEqual([]);
  });

  it('rejects a quorum that cannot be reached any more', async () => {
    const { broadcast, reply, fail } = start(3);
    reply('p0');
    fail('p1');
    fail('p2');
    expect(await broadcast.quorum(1)).toHaveLength(1);
    await expect(broadcast.quorum(2)).rejects.toMatchObject({
      code: 'NO_QUORUM',
      wanted: 2,
      results: { length: 3 },
    });
  });

  it('asks no more peers at once than it may', async () => {
    const { broadcast, calls, reply, fail } = start(3, 2);
    expect([...calls.keys()]).toEqual(['p0', 'p1']);
    fail('p1');
    await broadcast.take(0);
    await vi.waitFor(() => expect(calls.size).toBe(3));
    reply('p0');
    reply('p2');
    expect(await broadcast).toHaveLength(3);
  });
});
