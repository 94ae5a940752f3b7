import {
  connect,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { PeerCloudOptions } from '../../../src/index.js';
import { natsTransport } from '../../../src/integrations/nats/index.js';
import {
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from '../../e2e/module/support/peer-app.js';

/** An app on NATS, without HTTP. */
export function startOnNats(
  options: PeerCloudOptions,
  setup: PeerAppSetup = {},
): Promise<PeerApp> {
  return startPeer({
    ...setup,
    module: undefined,
    place: 'transport',
    options: { transport: natsTransport(), ...options },
  });
}

/** Another client of the same server. */
export class Outsider {
  readonly seen: Msg[] = [];

  readonly connection: NatsConnection;

  private constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  /** It hears everything. */
  static async listen(subject: string): Promise<Outsider> {
    const outsider = new Outsider(await connect());
    outsider.connection.subscribe(subject, {
      callback: (_, msg) => void outsider.seen.push(msg),
    });
    await outsider.connection.flush();
    return outsider;
  }

  /** Messages to subjects that match. */
  of(pattern: RegExp): Msg[] {
    return this.seen.filter(({ subject }) => pattern.test(subject));
  }

  /** Refusals of what may have been signed before the start of who is asked. */
  refusals(): Msg[] {
    return this.of(/\.r\.[^.]+$/).filter(
      ({ headers }) => headers?.get('peercloud-status') === '401',
    );
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
