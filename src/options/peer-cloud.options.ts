import type {
  HealthCheckOptions,
  ResolvedHealthCheckOptions,
} from '../health/health-check.options.js';
import type {
  ListenerOptions,
  ResolvedListenerOptions,
} from '../listener/listener.options.js';
import type {
  MembershipOptions,
  ResolvedMembershipOptions,
} from '../membership/core/options/membership.options.js';
import type { KeysOptions, ResolvedKeysOptions } from '../keys/keys.options.js';
import type {
  MessagingOptions,
  ResolvedMessagingOptions,
} from '../messaging/messaging.options.js';
import type {
  ObserveOptions,
  ResolvedObserveOptions,
} from '../observe/observe.options.js';
import type {
  AddressOptions,
  ResolvedAddressOptions,
} from '../security/addresses/address.options.js';
import type { LimitOptions, ResolvedLimitOptions } from './limits.options.js';
import type {
  ResolvedSecurity,
  SecurityOptions,
} from '../security/security.options.js';
import type { CloudTransport } from '../transport/link/index.js';
import type { ResolvedTls, TlsOptions } from '../transport/tls.options.js';
import type { JsonObject } from '../wire/json.js';
import type { PeerSeed } from './peer-list.js';
import type { PeerAddressInput, PeerSource } from './peer-sources.js';

/** What `PeerCloudModule.forRoot()` takes. Everything has a default; a wrong value is an OptionsError at start-up. */
export interface PeerCloudOptions {
  /**
   * False switches the peer off: it listens at no port of its own, answers and calls nobody, and all
   * services answer as in a cloud of one. For scripts and tests on the module of an app that runs
   * somewhere else.
   *
   * @defaultValue `true`
   */
  enabled?: boolean | undefined;

  /**
   * The seeds: addresses of peers that are tried in random order until one lets this peer in. A name stands
   * for every address behind it, and `'srv:_peers._tcp.app.example'` for the targets of its SRV records,
   * resolved anew at each try; so are the seeds of a PeerSource, such as `fileSource()`. One's own address
   * may be among them. Without any, this peer waits for others to join it.
   *
   * @defaultValue none
   */
  peers?: readonly (PeerAddressInput | PeerSource)[] | undefined;

  /**
   * What the other peers see of this one: any JSON object. It travels with every join, so keep it to what
   * others need to know (a name, a role, a URL). `MembershipService.update()` changes it later.
   *
   * @defaultValue `{}`
   */
  data?: JsonObject | undefined;

  /**
   * Name of the cloud. Peers of clouds with different names refuse each other, so that a wrong address
   * cannot mix staging with production. No name is a name of its own.
   *
   * @defaultValue none
   */
  cloud?: string | undefined;

  /**
   * Id of this peer: 1 to 128 printable ASCII characters without space, unique in the cloud. A fixed one
   * lets others recognise the peer after a restart, and two processes that share one by mistake push each
   * other out.
   *
   * @defaultValue a new UUID v4 at each start
   */
  id?: string | undefined;

  /**
   * IP address to advertise, where others reach this peer at another one than its requests come from (a
   * container with a published port).
   *
   * @defaultValue what the others see
   */
  ip?: string | undefined;

  /**
   * Port to advertise.
   *
   * @defaultValue the one that the app, or the own listener, listens on
   */
  port?: number | undefined;

  /**
   * An own port for the protocol, instead of routes in the app: out of reach of the public port and of the
   * app's prefix, guards and interceptors. Production should have it.
   *
   * @defaultValue none
   */
  listener?: ListenerOptions | undefined;

  /**
   * Another network than HTTP, such as `natsTransport()` of `nestjs-peercloud/nats`. The peer then opens no
   * port, and has none of `ip`, `port`, `listener`, `tls` and `addresses`. All peers of a cloud have the same.
   *
   * @defaultValue HTTP
   */
  transport?: CloudTransport | undefined;

  /**
   * Ms for one control request; a join has three times that (`membership.joinTimeout`). Longer waits for
   * slow networks cost time whenever a peer is really gone.
   *
   * @defaultValue 1000 ms
   */
  requestTimeout?: number | undefined;

  /**
   * Ms to wait for the reply to a message. `send()` can say otherwise for one message.
   *
   * @defaultValue 5000 ms
   */
  messageTimeout?: number | undefined;

  /**
   * Ms that closing the app waits until the others are notified, and for requests and messages under way in both
   * directions and on every lane; then they are cut off. A handler that never ends holds no shutdown up for
   * longer. Shorter than what the platform gives a process between SIGTERM and SIGKILL.
   *
   * @defaultValue `messageTimeout`
   */
  shutdownTimeout?: number | undefined;

  /**
   * Largest body of a message, in bytes. A larger one is a 413. What a reply may have, the peer that asked
   * says: `limits.maxAnswerBytes`. What peers say among themselves has a bound of its own.
   *
   * @defaultValue 1,048,576 bytes
   */
  maxMessageBytes?: number | undefined;

  /**
   * Most peers on the list. It bounds the memory that others can make this peer use; who comes later is
   * refused with `CLOUD_FULL`.
   *
   * @defaultValue 10,000
   */
  maxPeers?: number | undefined;

  /** When the members are checked. `false`: never by itself, only by `HealthCheckService.check()`. */
  healthCheck?: HealthCheckOptions | false | undefined;

  /** How members are judged and updates are spread. The defaults fit clouds of 2 to 5,000 peers. */
  membership?: MembershipOptions | undefined;

  /** How messages travel, and how many of them at once. */
  messaging?: MessagingOptions | undefined;

  /** Which share of the keys this peer owns, if any. */
  keys?: KeysOptions | undefined;

  /**
   * Makes the cloud private: every request and answer is signed.
   *
   * @defaultValue open, as the protocol is
   */
  security?: SecurityOptions | undefined;

  /** What observers may do: those who look at the cloud by the command, and are no members. */
  observe?: ObserveOptions | undefined;

  /**
   * HTTPS between peers.
   *
   * @defaultValue none
   */
  tls?: TlsOptions | undefined;

  /** Bounds on what remotes can make this peer hold or do. */
  limits?: LimitOptions | undefined;

  /**
   * Which addresses may be members and senders.
   *
   * @defaultValue loopback and private ones; with `security` all
   */
  addresses?: AddressOptions | undefined;
}

/** What `forRootAsync({ useClass })` and `({ useExisting })` call. */
export interface PeerCloudOptionsFactory {
  createPeerCloudOptions(): PeerCloudOptions | Promise<PeerCloudOptions>;
}

/** The options, complete and frozen: what everything inside works with (`PEER_CLOUD_OPTIONS`). */
export interface ResolvedPeerCloudOptions {
  readonly enabled: boolean;
  readonly peers: readonly PeerSeed[];
  readonly data: JsonObject;
  readonly cloud?: string;
  readonly id: string;
  /** Whether that id outlives a restart: it was given, or is the thumbprint of a key. */
  readonly hasFixedId: boolean;
  readonly ip?: string;
  readonly port?: number;
  readonly listener?: ResolvedListenerOptions;
  readonly transport?: CloudTransport;
  readonly requestTimeout: number;
  readonly messageTimeout: number;
  readonly shutdownTimeout: number;
  readonly maxMessageBytes: number;
  readonly maxPeers: number;
  readonly healthCheck: ResolvedHealthCheckOptions | false;
  readonly membership: ResolvedMembershipOptions;
  readonly messaging: ResolvedMessagingOptions;
  readonly keys: ResolvedKeysOptions;
  readonly security: ResolvedSecurity;
  readonly observe: ResolvedObserveOptions;
  readonly tls?: ResolvedTls;
  readonly limits: ResolvedLimitOptions;
  readonly addresses: ResolvedAddressOptions;
}
