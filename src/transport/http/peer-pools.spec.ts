import { errors, type Pool } from 'undici';
import { PeerPools, type PeerPoolsOptions } from './peer-pools.js';

const A = 'http://10.0.0.7:9338';
const B = 'http://10.0.0.8:9338';

let pools: PeerPools;

function open(options: Partial<PeerPoolsOptions> = {}): void {
  pools = new PeerPools({
    connectionsPerPeer: 2,
    maxConnectedPeers: 1,
    connectTimeout: 1000,
    maxRequestsToPeer: 100,
    maxHeaderBytes: 16_384,
    ...options,
  });
}

afterEach(() => pools.destroy());

/** A request that has asked for the connections. */
function ask(origin: string, isMessage = true) {
  const lease = pools.lease(origin);
  const onPool = vi.fn<(pool: Pool) => void>();
  const onClosed = vi.fn<(error: Error) => void>();
  lease.start({ isMessage, onPool, onClosed });
  return {
    lease,
    onClosed,
    release: () => lease.release(),
    hasPool: () => onPool.mock.calls.length > 0,
    pool: () => onPool.mock.calls[0]?.[0],
  };
}

describe('PeerPools', () => {
  it('takes no more requests for one peer than may wait for it', () => {
    open({ maxConnectedPeers: 10 });
    const leases = Array.from({ length: 100 }, () => ask(A));
    expect(() => pools.lease(A)).toThrow(
      expect.objectContaining({ code: 'OVERLOADED' }),
    );
    ask(B).release();
    leases[0]!.release();
    ask(A).release();
  });

  it('counts those that wait for a place', () => {
    open({ maxRequestsToPeer: 2 });
    ask(A);
    ask(B);
    ask(B);
    expect(() => pools.lease(B)).toThrow(
      expect.objectContaining({ code: 'OVERLOADED' }),
    );
  });

  it('has connections to no more peers than it may, each in its turn', async () => {
    open();
    const first = ask(A);
    const second = ask(B);
    const third = ask(A);
    expect(second.hasPool() || third.hasPool()).toBe(false);
    first.release();
    await vi.waitUntil(second.hasPool);
    expect(first.pool()!.destroyed).toBe(true);
    expect(third.hasPool()).toBe(false);
    second.release();
    await vi.waitUntil(third.hasPool);
    expect(second.pool()!.destroyed).toBe(true);
  });

  it('gives a peer the connections that it has, as long as nobody waits', () => {
    open();
    const requests = [ask(A), ask(A)];
    requests[0]!.release();
    requests.push(ask(A));
    expect(new Set(requests.map((each) => each.pool())).size).toBe(1);
  });

  it('lets those behind one that gives up go on', async () => {
    open();
    ask(A);
    const second = ask(B);
    const third = ask(A);
    second.release();
    await vi.waitUntil(third.hasPool);
    expect(second.hasPool()).toBe(false);
  });

  it('closes the connections that are unused for longest', async () => {
    open({ maxConnectedPeers: 2 });
    const first = ask(A);
    const second = ask(B);
    second.release();
    first.release();
    const third = ask('http://10.0.0.9:9338');
    await vi.waitUntil(third.hasPool);
    expect(second.pool()!.closed).toBe(true);
    expect(first.pool()!.closed).toBe(false);
  });

  it('refuses those who wait when it closes', async () => {
    open();
    const first = ask(A);
    const second = ask(B);
    await pools.close();
    expect(first.onClosed).not.toHaveBeenCalled();
    expect(second.onClosed).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'UNREACHABLE' }),
    );
  });

  it('gives each connection to one request at a time, in their order', () => {
    open({ connectionsPerPeer: 1 });
    const [first, second, third] = [ask(A), ask(A), ask(A)];
    expect([first, second, third].map(({ hasPool }) => hasPool())).toEqual([
      true,
      false,
      false,
    ]);
    second.release();
    first.release();
    expect(third.hasPool()).toBe(true);
    expect(third.pool()).toBe(first.pool());
  });

  it('lets nothing else wait for messages', () => {
    open({ connectionsPerPeer: 1 });
    const message = ask(A);
    expect(ask(A).hasPool()).toBe(false);
    const check = ask(A, false);
    expect(check.hasPool()).toBe(true);
    expect(check.pool()).not.toBe(message.pool());
  });

  it('gives new connections to those who wait, where nothing is read on the old ones', async () => {
    open({ connectionsPerPeer: 1 });
    const since = performance.now();
    const [first, second] = [ask(A), ask(A)];
    first.lease.read();
    first.lease.waited(since);
    // What is read on the others says nothing of these.
    const check = ask(A, false);
    expect(second.hasPool()).toBe(false);
    const sentAt = performance.now();
    check.lease.read();
    first.lease.waited(sentAt);
    expect(second.hasPool()).toBe(true);
    check.release();
    expect(second.pool()).not.toBe(first.pool());
    // The request that is under way may still get its answer.
    expect(first.pool()!.destroyed).toBe(false);
    first.lease.waited(performance.now());
    second.release();
    expect(ask(A).pool()).toBe(second.pool());
    first.release();
    await vi.waitUntil(() => first.pool()!.destroyed);
  });

  it('has no more generations of connections to a peer than it may', () => {
    open({ connectionsPerPeer: 1 });
    const requests = Array.from({ length: 6 }, () => ask(A));
    for (const { lease } of requests) {
      lease.waited(performance.now());
    }
    const served = () => requests.filter(({ hasPool }) => hasPool());
    expect(new Set(served().map(({ pool }) => pool())).size).toBe(4);
    requests[0]!.release();
    requests[3]!.lease.waited(performance.now());
    expect(served()).toHaveLength(5);
  });

  it('doubts a peer to which a connection could not be opened in its time, until one is', () => {
    open();
    const { lease, pool } = ask(A);
    const fail = (error: errors.UndiciError) =>
      pool()!.emit('connectionError', new URL(A), [], error);
    fail(new errors.SocketError('refused'));
    expect(lease.isDoubtful).toBe(false);
    fail(new errors.ConnectTimeoutError());
    expect(pools.lease(A).isDoubtful).toBe(true);
    pool()!.emit('connect', new URL(A), []);
    expect(lease.isDoubtful).toBe(false);
  });
});
