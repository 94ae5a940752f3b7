const text = (cause: unknown): string =>
  cause instanceof Error ? cause.message || cause.name : String(cause);

export const unreachable = (name: string, cause: unknown): string =>
  `The fence of "${name}" cannot be reached: ${text(cause)}. Is its server up, and does this client reach it?`;

export const noAnswer = (ms: number): string =>
  `no answer within ${Math.round(ms)} ms`;

export const lostTo = (name: string): string =>
  `The lease of "${name}" belongs to somebody else now. Stop what it was for.`;

export const lostInTime = (name: string): string =>
  `The lease of "${name}" could not be renewed in time. Stop what it was for: others may have it soon.`;

export const occurrenceHad = (name: string, occurrence: number): string =>
  `"${name}" has had the occurrence ${occurrence}, and it is not given again.`;

export const wrongTtl = (ttl: unknown, least: number): string =>
  `A lease's ttl is a number of ms, at least ${least}; this one is ${String(ttl)}.`;

export const wrongOccurrence = (occurrence: unknown): string =>
  `An occurrence is a whole number, at least 0; this one is ${String(occurrence)}.`;

export const wrongTable = (table: string): string =>
  `"${table}" is no name of a table. Give one of letters, digits and underscores, with its schema in front if need be.`;

export const forgetfulBucket = (bucket: string): string =>
  `The bucket "${bucket}" has a ttl and would forget tokens and occurrences. Create it without one: leases end by themselves.`;

export const bucketInMemory = (bucket: string): string =>
  `The bucket "${bucket}" is kept in memory, and its tokens start again with the server. Create it with storage "file".`;
