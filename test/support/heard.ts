import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** What is published on a diagnostics channel of this process while `action` runs. */
export async function heard<T>(
  channel: string,
  action: () => Promise<unknown>,
): Promise<T[]> {
  const messages: T[] = [];
  const hear = (message: unknown) => void messages.push(message as T);
  subscribe(channel, hear);
  try {
    await action();
  } finally {
    unsubscribe(channel, hear);
  }
  return messages;
}
