/** Version of the frames; another one is refused (PROTOCOL.md, section 4, `stream`). */
export const STREAM_VERSION = 1;

/** Content type of both directions. */
export const STREAM_TYPE = 'application/x-ndjson';

/** Characters after which a line of several messages is closed and the next one begun. */
export const BATCH_CHARS = 32 * 1024;

/**
 * Characters from which on a body is written apart from what is around it: joining strings of that size
 * costs more than all else that is done with them.
 */
export const LARGE_CHARS = 64 * 1024;

/** Bytes that a line may have beyond the largest message: a batch, in characters of up to 3 bytes, and its frame. */
export const LINE_SLACK_BYTES = 4 * BATCH_CHARS;

/**
 * Bytes that are given to a socket ahead of its speed, or its high-water mark where that is more; the
 * rest waits here, where it can still go another way.
 */
export const SOCKET_BYTES = 128 * 1024;

/** Ms that the other side's heartbeat may be apart, whatever it says. */
export const MAX_HEARTBEAT = 600_000;

/** Heartbeats that may be missing before a stream is given up. */
export const MISSED_HEARTBEATS = 3;

/**
 * Streams to one peer at the same time: one at work, others that finish what they have. A receiver with
 * default limits breaks the oldest when there are more.
 */
export const MAX_STREAMS_TO_PEER = 4;

/** Share of the receiver's request timeout after which a stream is replaced. */
export const LIFETIME_SHARE = 0.8;

/** Share of it after which a stream that could not be replaced takes no more messages. */
export const OVERDUE_SHARE = 0.95;

/** Streams that are being opened at the same time; more wait for their turn. */
export const MAX_OPENINGS = 64;

/** Messages for each connection that go by `/message` at the same time where a stream is refused: one at work, one that follows. */
export const DETOURS_PER_CONNECTION = 2;

/** Smallest `maxBytes` of a greeting: no peer may set its limits for answers or messages lower. */
export const MIN_BODY_BYTES = 1024;

/** Ms that a stream has to be unused before another peer's takes its place. */
export const MIN_REST = 5000;

/** Ms between two looks for such a stream, while all places are taken. */
export const LOOK_AGAIN = 250;

/** Messages of one turn of the event loop that are worth a write of their own, whatever the other side has. */
export const GROUP = 128;

/** Fewer are not: they cost more in system calls than it gains that both sides are at work. */
export const SMALLEST_GROUP = 32;
