/** Texts that operators and developers meet, in one place. */

export const handlerCannotHear = (handler: string): string =>
  `${handler} never gets its events: it belongs to a request-scoped or transient provider. Make the provider a singleton`;

export const handlerFailed = (handler: string, event: string): string =>
  `${handler} failed at ${event}`;
