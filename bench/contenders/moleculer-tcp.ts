import { ServiceBroker, type BrokerOptions } from 'moleculer';
import type { Contender, PeerLocation } from '../contender.js';
import { freePort } from '../load/free-port.js';

const DISCOVERY_TIMEOUT = 30_000;

function brokerOptions(
  nodeID: string,
  port: number,
  others: readonly PeerLocation[],
): BrokerOptions {
  return {
    nodeID,
    logger: false,
    transporter: {
      type: 'TCP',
      options: {
        udpDiscovery: false,
        useHostname: false,
        port,
        urls: others.map((other) => String(other['url'])),
        gossipPeriod: 1,
      },
    },
  };
}

const contender: Contender = {
  title: 'Moleculer TCP',
  parts: ['request-reply', 'broadcast', 'open-loop', 'idle'],
  // Its nodes take half a second each to start, and find each other by and by.
  notQuick: ['broadcast'],

  async server({ index, host, seeds }) {
    const nodeID = `peer-${index}`;
    const port = await freePort();
    const broker = new ServiceBroker(
      brokerOptions(nodeID, port, seeds.slice(0, 1)),
    );
    broker.createService({
      name: nodeID,
      actions: { echo: (context: { params: unknown }) => context.params },
    });
    await broker.start();
    return { location: { nodeID, url: `${host}:${port}/${nodeID}` } };
  },

  async client({ peers }) {
    const port = await freePort();
    const broker = new ServiceBroker(brokerOptions('sender', port, peers));
    await broker.start();
    const services = peers.map(({ nodeID }) => String(nodeID));
    await broker.waitForServices(services, DISCOVERY_TIMEOUT);
    const actions = services.map((service) => `${service}.echo`);
    return { send: (peer, body) => broker.call(actions[peer]!, body) };
  },
};

export default contender;
