/** The module's options, complete: ResolvedPeerScheduleOptions. */
export const PEER_SCHEDULE_OPTIONS = Symbol('PEER_SCHEDULE_OPTIONS');

/** ScheduleService once more, for who finds it without importing this folder, such as the console. */
export const SCHEDULE = Symbol.for('nestjs-peercloud:schedule');
