// node primary.mjs dist/main.js: a worker for each processor behind one HTTP port, a peer each on a port of its own.
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';

const FIRST_PEER_PORT = Number(process.env.PEER_PORT ?? 9338);
const count = Number(process.env.WORKERS ?? availableParallelism());

const ports = Array.from({ length: count }, (_, at) => FIRST_PEER_PORT + at);
const PEERS = ports.map((port) => `127.0.0.1:${port}`).join();
let isEnding = false;

cluster.setupPrimary({ exec: process.argv[2] ?? 'dist/main.js' });

function start(port) {
  const worker = cluster.fork({ PEER_PORT: port, PEERS });
  // The next one takes the port of the one that died, a second later: one that cannot start keeps nobody busy.
  worker.on('exit', () => setTimeout(() => isEnding || start(port), 1000));
}

ports.forEach(start);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    isEnding = true;
    for (const worker of Object.values(cluster.workers)) {
      worker.process.kill('SIGTERM');
    }
  });
}
