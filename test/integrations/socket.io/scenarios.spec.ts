import { appPort, closePeers } from '../../e2e/module/support/peer-app.js';
import { startReplicas } from './cluster.js';
import { carryOut, socketServer } from './scenarios/commands.js';
import { describeScenarios, type Servers } from './scenarios/scenarios.js';

for (const adapter of ['express', 'fastify'] as const) {
  describeScenarios({
    title: `Socket.IO over three apps on ${adapter}`,
    start: async () => {
      const replicas = await startReplicas(3, { adapter });
      return replicas.map((replica) =>
        socketServer(appPort(replica), (name, args) =>
          carryOut(replica.server, name, args),
        ),
      ) as Servers;
    },
    stop: closePeers,
    isBrief: adapter === 'fastify',
  });
}
