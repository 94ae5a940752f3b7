import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { PROGRAM, ReplicaProcess } from './scenarios/replica-process.js';
import { describeScenarios, type Servers } from './scenarios/scenarios.js';

const programs = usePrograms(PROGRAM);

for (const adapter of ['express', 'fastify'] as const) {
  const processes: ReplicaProcess[] = [];

  describeScenarios({
    title: `Socket.IO over three processes on ${adapter}`,
    start: async () => {
      for (let started = 0; started < 3; started++) {
        const seed = processes[0]?.server.port;
        const options = { adapter, seed };
        processes.push(await ReplicaProcess.start(programs(PROGRAM), options));
      }
      const servers = processes.map(({ server }) => server) as Servers;
      for (const server of servers) {
        await until(async () => (await server.serverCount()) === 3);
        await server.fetchSockets({});
      }
      return servers;
    },
    stop: async () => {
      await Promise.all(processes.map((process) => process.kill()));
    },
  });
}
