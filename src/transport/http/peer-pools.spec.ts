import type { Pool } from 'undici';
import { PeerPools, type PeerPoolsOptions } from './peer-pools.js';

const A = 'http://10.0.0.7:9338';
const B = 'http://10.0.0.8:9338';

let pools: PeerPools;

function open(options: Partial<PeerPoolsOptions> = {}): void {
  pools = new PeerPools({
    connectionsPerPeer: 1,
    maxConnectedPeers: 1,
    connectTimeout: 1000,
    maxRequestsToPeer: 100,
    maxHeaderBytes: 16_384,
    ...options,
  });
}

afterEach(() => pools.destroy());

/** A request that has asked for the connections. */
function ask(origin: string) {
  const lease = pools.lease(origin);
  const onPool = vi.fn<(pool: Pool) => void>();
  const onClosed = vi.fn<(error: Error) => void>();
  lease.start({ onPool, onClosed });
  return {
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
});
