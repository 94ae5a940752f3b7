// pm2 start ecosystem.config.cjs: four processes behind one HTTP port, a peer each on a port of its own.
const INSTANCES = 4;
const FIRST_PEER_PORT = 9338;

const ports = Array.from(
  { length: INSTANCES },
  (_, index) => FIRST_PEER_PORT + index,
);

module.exports = {
  apps: [
    {
      name: 'app',
      script: 'dist/main.js',
      exec_mode: 'cluster',
      instances: INSTANCES,
      // PM2 counts this up: 9338 for the first process, 9339 for the second.
      increment_var: 'PEER_PORT',
      // Ms between the signal and the kill: more than shutdownTimeout.
      kill_timeout: 15_000,
      env: {
        PORT: 3000,
        PEER_PORT: FIRST_PEER_PORT,
        PEERS: ports.map((port) => `127.0.0.1:${port}`).join(),
      },
    },
  ],
};
