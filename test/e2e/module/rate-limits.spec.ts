import { LogLines } from '../protocol/support/log-lines.js';
import { until } from '../../support/until.js';
import {
  agree,
  checkUntil,
  closePeers,
  startPeer,
} from './support/peer-app.js';
import { PlainProxy } from './support/plain-proxy.js';

afterEach(closePeers);

/** Checks after which a member that does not answer is long gone. */
const CHECKS = 30;

describe('a rate limit in front of a member', () => {
  it.each(['express', 'fastify'] as const)(
    'leaves it on the list, with a warning that says so (%s)',
    async (adapter) => {
      await using proxy = await PlainProxy.listen(closePeers);
      const member = await startPeer({
        adapter,
        options: { ip: '127.0.0.1', port: proxy.port },
        onServer: (server) => (proxy.target = server),
      });
      const logger = new LogLines();
      const peer = await startPeer({
        adapter,
        logger,
        options: { peers: [`127.0.0.1:${proxy.port}`] },
      });
      await until(() => agree([peer, member]));
      proxy.refusal = 429;
      let checks = 0;
      await checkUntil(peer, () => ++checks > CHECKS);
      expect(peer.membership.peers()).toMatchObject([{ state: 'alive' }]);
      expect(peer.events.map(({ type }) => type)).not.toContain('peer.left');
      expect(logger.of('warn').join('\n')).toMatch(
        /counts as there: a rate limit .*status 429/,
      );
      proxy.refusal = undefined;
    },
  );
});
