import { OptionsError } from '../../options/option-checks.js';
import type { CloudTransport } from './transport-link.interface.js';

/** Options of HTTP. */
const OF_HTTP = ['listener', 'ip', 'port', 'tls', 'addresses'] as const;

/**
 * Reads the option `transport`; undefined for HTTP.
 *
 * @throws OptionsError for what is no transport, and for options of HTTP beside it
 */
export function checkTransport(
  options: Readonly<Record<string, unknown>>,
): CloudTransport | undefined {
  const { transport } = options;
  if (transport === undefined) {
    return undefined;
  }
  if (!isTransport(transport)) {
    throw new OptionsError(
      'transport',
      transport,
      'must be a transport, such as natsTransport({ servers }) of nestjs-peercloud/nats; leave it out for HTTP',
    );
  }
  for (const name of OF_HTTP) {
    if (options[name] !== undefined) {
      throw new OptionsError(
        name,
        options[name],
        `leave it out beside the option transport: it is for HTTP, and this peer is on ${transport.name}`,
      );
    }
  }
  return transport;
}

function isTransport(value: unknown): value is CloudTransport {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as CloudTransport).create === 'function'
  );
}
