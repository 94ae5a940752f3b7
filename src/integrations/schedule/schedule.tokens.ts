/** The module's options as they were given, before they are checked. */
export const PEER_SCHEDULE_INPUT = Symbol('PEER_SCHEDULE_INPUT');

/** The module's options, complete: ResolvedPeerScheduleOptions. */
export const PEER_SCHEDULE_OPTIONS = Symbol('PEER_SCHEDULE_OPTIONS');
