/*
 * Bounds on what others can make the core hold or do, and the fixed times of the wire. What a user may
 * have a reason to change is in membership.options.ts, and in limits.options.ts, instead.
 */

/** Ms for the check of a joiner: the original gives its whole join one second (PROTOCOL.md, section 2). */
export const JOIN_CHECK_TIMEOUT = 500;

/**
 * Ms from the start of a joiner's check until it hears that it has failed: longer than the longest
 * check, short of the 1 s that the original waits.
 */
export const JOIN_REFUSAL_TIME = JOIN_CHECK_TIMEOUT * 1.2;

/**
 * Names of joiners that wait to be looked up, one after the other; and how many joins from one address may
 * have this peer look up a name within a minute.
 */
export const MAX_WAITING_LOOKUPS = 64;
export const LOOKUPS_PER_MINUTE = 30;

/** Ms for which the answer to a join waits for the others to hear of it (PROTOCOL.md, section 2). */
export const JOIN_BROADCAST_WAIT = 250;

/** Ms for which requests of unknown senders wait for the own join (PROTOCOL.md, section 1, identity). */
export const ADMISSION_WAIT = 1000;

/** Ms for which a member that answered a join passes later updates on to that newcomer. */
export const NEWCOMER_PERIOD = 5000;

/** Newcomers that updates are passed on to. */
export const MAX_NEWCOMERS = 256;

/** Members that are notified directly at the same moment. */
export const MAX_CONCURRENT_NOTIFICATIONS = 128;

/** Indirect checks for others at the same moment. */
export const MAX_INDIRECT_PROBES = 32;

/** Updates in one body, and bytes of such a body as JSON (PROTOCOL.md, section 4, `gossip`). */
export const MAX_GOSSIP_ITEMS = 32;
export const MAX_GOSSIP_BYTES = 64 * 1024;

/** Bytes of the updates alone: the rest of the extension part needs some too. */
export const MAX_UPDATES_BYTES = MAX_GOSSIP_BYTES - 1024;

/** Bytes of one body of `/sync`; what does not fit comes with the next one. */
export const MAX_SYNC_BYTES = 512 * 1024;

/** Bytes that an entry of the answer to a join takes, without data. */
export const ENTRY_BYTES = 200;

/**
 * Bytes of the body of a control request, and of every other answer: a full body of `/sync`, and the ends
 * that contradict as many records. What an application's messages may have has nothing to do with it.
 */
export const MAX_CONTROL_BYTES = 2 * MAX_SYNC_BYTES;

/** Features of one record, and characters of one feature's name and of a cloud's name. */
export const MAX_FEATURES = 16;
export const MAX_FEATURE_LENGTH = 32;
export const MAX_CLOUD_LENGTH = 128;

/** Characters of a record's signature. */
export const MAX_SIGNATURE_LENGTH = 1024;

/** Ms for which a member that left by itself is remembered: as long as old updates may travel. */
export const LEFT_MEMORY = 10 * 60_000;

/** Ms by which another's incarnation may lie ahead (PROTOCOL.md, section 4). */
export const MAX_INCARNATION_LEAD = 24 * 3_600_000;

/** Members for which the quotas of what they say of others are counted. */
export const MAX_REPORTERS = 1024;

/** Repairs of legacy members' lists that wait, and that are remembered; how many one request asks for. */
export const MAX_LEGACY_REPAIRS = 1024;
export const MAX_REPAIRS_IN_BODY = 32;

/**
 * Ends of which a peer that takes over a legacy member notifies it again: so many, and those of so many
 * ms. Longer than a dead member may stay a suspect.
 */
export const MAX_INHERITED_ENDS = 256;
export const INHERITED_PERIOD = 2 * 60_000;

/** Addresses behind one name that are tried. */
export const MAX_ADDRESSES_PER_NAME = 64;
