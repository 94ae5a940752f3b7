import type { LoggerService, LogLevel } from '@nestjs/common';
import { OptionsError, readBoolean } from '../options/option-checks.js';
import type { PeerCloudOptions } from '../options/peer-cloud.options.js';
import type { OnMessage, StandaloneOptions } from './standalone.types.js';

/** The options of `peercloud()`, sorted by whom they are for. */
export interface SortedOptions {
  /** 0: free to choose (PROTOCOL.md, section 3). */
  port: number;
  host?: string;
  onMessage?: OnMessage;
  logger: LoggerService | LogLevel[] | false;
  signals: boolean;
  /** Goes to the module, which checks it. */
  module: PeerCloudOptions;
}

/** @throws OptionsError for what the standalone form itself takes; the module checks the rest */
export function sortOptions(options: StandaloneOptions): SortedOptions {
  const { port, host, onmessage, onMessage, logger, signals, ...module } =
    readOptions(options);
  if ('listener' in module) {
    throw new OptionsError(
      'listener',
      module.listener,
      'the standalone form always has a listener: write port and host',
    );
  }
  if (module.transport !== undefined) {
    for (const [name, value] of Object.entries({ port, host })) {
      if (value !== undefined) {
        throw new OptionsError(
          name,
          value,
          'leave it out beside the option transport: the peer opens no port',
        );
      }
    }
  }
  return {
    port: readPort(port),
    host,
    onMessage:
      readHandler(onMessage, 'onMessage') ??
      readHandler(onmessage, 'onmessage'),
    logger: logger ?? ['fatal', 'error', 'warn'],
    signals: readBoolean(signals, 'signals', { default: true }),
    module,
  };
}

function readOptions(options: unknown): StandaloneOptions {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError('options', options, 'must be an object');
  }
  return options;
}

/** A number or digits; nothing, `''` and 0 leave the choice to the port rule. */
function readPort(value: unknown): number {
  if (value === undefined || value === '') {
    return 0;
  }
  const port =
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535) {
    throw new OptionsError('port', value, 'port must be 0 to 65535');
  }
  return Number(port);
}

function readHandler(value: unknown, path: string): OnMessage | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw new OptionsError(
      path,
      value,
      'must be a function (peer, body, reply) => …',
    );
  }
  return value as OnMessage | undefined;
}
