import type { PeerTransport } from '../../transport/peer-transport.interface.js';
import type { JsonObject } from '../../wire/json.js';
import type { PeerAddress, PeerInfo, JoinRefusal } from '../../wire/bodies.js';
import type { Clock, Random } from './environment.js';

/** How a member stands: the first two are on the list that applications see. */
export type MemberState = 'alive' | 'suspect' | 'left' | 'dead';

/** A member of the cloud as this peer knows it. Never changed in place: a change makes a new one. */
export interface Member extends Readonly<PeerInfo> {
  /** Empty for a legacy peer. */
  readonly features: readonly string[];
  /** For a legacy peer: raised on its behalf by the peer that puts it back (PROTOCOL.md, section 4). */
  readonly incarnation: number;
  readonly state: MemberState;
}

/** Why a member went: it said so, it stopped answering, or another id answers at its address. */
export type LeaveReason = 'left' | 'dead' | 'replaced';

/** Everything that happens to the cloud, each exactly once and in order. */
export type MembershipEvent =
  | { type: 'cloud.joined' }
  | { type: 'cloud.left' }
  | { type: 'peer.joined'; member: Member }
  | { type: 'peer.left'; member: Member; reason: LeaveReason }
  | { type: 'peer.updated'; member: Member; previous: Member }
  /** Its features are others than before; applications do not hear of it. */
  | { type: 'peer.features'; member: Member }
  | { type: 'peer.suspected'; member: Member }
  | { type: 'peer.recovered'; member: Member };

/** Where a request came from. */
export interface RequestOrigin {
  /** Normalised IP literal: the socket's, or the client's where the app trusts its proxy. */
  remoteAddress: string;
  /** `x-peercloud-id` of the request, where it had one. */
  senderId?: string;
}

/** Where the core writes what it does; Nest's Logger fits. */
export interface CoreLogger {
  log(message: string): void;
  debug(message: string): void;
  warn(message: string): void;
}

/** A join that was refused. Nothing of what the joiner says of itself is verified. */
export interface RefusedJoin {
  /** Id of this peer: a process can have several. */
  self: string;
  /** What the wire says. */
  code: JoinRefusal;
  /** Why, which the joiner does not hear. */
  reason: string;
  /** The id that the request names. */
  id: string | undefined;
  /** Where the request came from. */
  remoteAddress: string;
}

/** A member was asked whether it is there (PROTOCOL.md, section 2, `/status`). */
export interface ProbeNotice {
  /** Id of this peer: a process can have several. */
  self: string;
  /** Id of the member. */
  peerId: string;
  /** Ms until its answer was there, or until it was waited for no longer. */
  duration: number;
  /**
   * What this one try has found, and no verdict: `alive`; `leaving`; `replaced`: another id answers there;
   * `refused`: nobody listens there; `silent`: no answer in time; `unsure`: this peer itself was too slow.
   */
  outcome: 'alive' | 'leaving' | 'replaced' | 'refused' | 'silent' | 'unsure';
}

/** What the core needs from outside. It touches no network, clock or chance but these. */
export interface MembershipEnvironment {
  clock: Clock;
  random: Random;
  transport: PeerTransport;
  logger: CoreLogger;
  /** IP literals behind a host name, resolved anew at each call; an IP literal resolves to itself. */
  resolve(host: string): Promise<string[]>;
  /** The address policy: why no remote may make this peer call that address; `origin` is who asks. */
  addressRefusal(
    address: PeerAddress,
    origin?: RequestOrigin,
  ): string | undefined;
  /** How much longer than usual this process takes to react, in ms (event-loop delay). */
  eventLoopDelay(): number;
  /** Signs this peer's own record, where the cloud uses keys. Asked anew whenever the record changes. */
  signRecord?(record: PeerInfo): string;
  /** Asked before any record from another peer is believed; false: the record is dropped. */
  verifyRecord?(record: PeerInfo): boolean;
  /** The application's say about a join that is found good otherwise; false: it is refused. */
  authorize?(peer: PeerInfo, origin: RequestOrigin): boolean | Promise<boolean>;
  /** Hears of each join that is refused. */
  onJoinRefused?(refused: RefusedJoin): void;
  /** Hears of each time a member was asked whether it is there. */
  onProbed?(probe: ProbeNotice): void;
  /** Gives back an equal record that exists already, so that many cores in one process share them. */
  shareRecord?<T extends Member>(record: T): T;
}

/** What this peer says about itself. */
export interface SelfDescription {
  id: string;
  /** True: no answer to a join may assign another one. */
  hasFixedId?: boolean;
  /** What to advertise; undefined: the receivers infer it. */
  ip?: string;
  data: JsonObject;
  cloud?: string;
  scheme?: 'https';
}
