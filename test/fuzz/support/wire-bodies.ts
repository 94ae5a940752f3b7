import fc from 'fast-check';
import { hostile, list, object, oneOf, type Text } from './hostile-text.js';

/** Whom bodies speak of: everybody in the cloud, and nobody. */
export interface Cast {
  ids: string[];
  ports: number[];
}

const DAY = 86_400_000;

/** Bodies of requests and of answers, right but for something here and there. */
export function bodiesOf({ ids, ports }: Cast) {
  const id = oneOf(...ids, 'nobody', 'x');
  const ip = oneOf('127.0.0.1', '127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1');
  const port = oneOf(...ports, 1, 59_999);
  const data = fc.oneof(oneOf({}, { n: 1 }, { a: { b: [1] } }), hostile);
  const incarnation = fc
    .integer({ min: -2 * DAY, max: 2 * DAY })
    .map((lead) => String(Date.now() + lead));
  const features = fc.oneof(
    oneOf(
      ['update', 'gossip', 'probe', 'sync'],
      ['gossip'],
      ['sync'],
      ['upgrade'],
      [],
    ),
    list(oneOf('gossip', 'constructor', 'x')),
  );
  const peer = {
    id,
    ip,
    port,
    data,
    features,
    incarnation,
    cloud: oneOf('', '', 'other'),
    scheme: oneOf('http', 'http', 'https'),
    signature: oneOf('x'),
  };
  const news = object({
    ...peer,
    state: oneOf('alive', 'suspect', 'dead', 'left'),
    by: id,
    told: oneOf(true),
  });
  const entries = list(object(peer));
  const ext = object({
    digest: oneOf('', 'x', '0'.repeat(64)),
    updates: list(news, 40),
    seen: incarnation,
    you: ip,
    probe: fc.oneof(
      id,
      object({ id, online: oneOf(true, false), refused: oneOf(true, false) }),
    ),
  });
  const status = object({
    id,
    online: oneOf(true, true, false),
    listening: oneOf(true),
    joined: oneOf(true, false),
    features,
    incarnation,
    ext,
  });
  const buckets = list(oneOf(0, 1, 4294967295), 64);
  const sync = object({
    digest: oneOf('', 'x'),
    buckets,
    members: list(news),
    dead: list(news),
    differing: list(oneOf(0, 1, 15, 16, -1, 0.5)),
    more: oneOf(true, false),
  });
  const answers: Record<string, Text> = {
    join: object({
      status: oneOf('joined', 'joined', 'joined', 'rejected', 'maybe'),
      id,
      ip,
      port,
      self: object(peer),
      peers: entries,
      error: object({ code: oneOf('ID_TAKEN', 'CHECK_FAILED') }),
    }),
    status,
    sync,
    message: fc.oneof(hostile, object({ code: oneOf('NO_HANDLER') })),
    update: object({ status: oneOf('updated') }),
    joined: object({ status: oneOf('added') }),
    left: object({ status: oneOf('removed') }),
  };
  const requests: Record<string, Text> = {
    join: object(peer),
    joined: object(peer),
    left: object({ id }),
    status: object({ ext }),
    check: object({ ext }),
    message: object({ type: oneOf('echo'), list: hostile }),
    update: object({ id, data, incarnation, features }),
    sync,
    observe: object({
      ask: oneOf('members', 'owner', 'send', 'broadcast', 'next', 'secrets'),
      key: oneOf('k'),
      to: id,
      timeout: oneOf(1, 100),
      body: hostile,
      feed: hostile,
      change: fc.oneof(
        hostile,
        object({
          use: oneOf('x'),
          remove: oneOf('x'),
          install: fc.oneof(hostile, object({ from: hostile, box: hostile })),
          present: oneOf('x'),
        }),
      ),
    }),
  };
  return { answers, requests };
}
