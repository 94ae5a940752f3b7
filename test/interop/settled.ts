import { until } from '../support/until.js';
import { everyoneSeesEveryone, type PeerProcess } from './peer-process.js';
import type { NamedReply, Reply } from './programs/rpc.js';

/** No answer at all, or what strangers get. */
const STATUSES_OF_STRANGERS = new Set([0, 403, 404]);

/**
 * What a question brings while all are members. An original throws out whoever is a second late, on a
 * slow machine too, and is put right again: an outcome of such a moment is no outcome.
 */
export async function settled<Outcome extends Reply | NamedReply[]>(
  peers: readonly PeerProcess[],
  ask: () => Promise<Outcome>,
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  await until(
    async () => {
      await everyoneSeesEveryone(peers);
      outcome = await ask();
      return isOfMembers(outcome, peers.length - 1);
    },
    { timeout: 60_000 },
  );
  return outcome!;
}

function isOfMembers(outcome: Reply | NamedReply[], others: number): boolean {
  const replies = Array.isArray(outcome) ? outcome : [outcome];
  return (
    (!Array.isArray(outcome) || outcome.length === others) &&
    replies.every(
      (reply) => 'value' in reply || !STATUSES_OF_STRANGERS.has(reply.status),
    )
  );
}
