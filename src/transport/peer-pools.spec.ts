import { PeerPools } from './peer-pools.js';

describe('PeerPools', () => {
  it('takes no more requests for one peer than may wait for it', async () => {
    const pools = new PeerPools({
      connectionsPerPeer: 1,
      maxConnectedPeers: 10,
      connectTimeout: 1000,
      maxRequestsToPeer: 100,
      maxHeaderBytes: 16_384,
    });
    const leases = Array.from({ length: 100 }, () =>
      pools.lease('http://10.0.0.7:9338'),
    );
    expect(() => pools.lease('http://10.0.0.7:9338')).toThrow(
      expect.objectContaining({ code: 'OVERLOADED' }),
    );
    pools.lease('http://10.0.0.8:9338').release();
    leases[0]!.release();
    pools.lease('http://10.0.0.7:9338').release();
    await pools.destroy();
  });
});
