import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';
import type { Command, Session } from '../command.js';
import { readAll, UsageError } from '../io.js';
import { askMembers, callingOf, findMember } from '../members.js';
import type { Observer } from '../observer.js';
import { clean, jsonLine } from '../text.js';

/** A reply, or why there is none. */
interface Reply {
  peer: { id: string; name?: string };
  value?: JsonValue;
  error?: { code: string; message: string };
}

export const send: Command = {
  name: 'send',
  words: ['<peer>', '<body>'],
  summary: 'a message to a peer (JSON, - for the standard input), its replies',
  options: {},
  connects: true,
  run: async (session) => {
    const [word, text] = session.words as [string, string];
    const body = await readBody(session, text);
    return session.observe(async (observer) => {
      const { members } = await askMembers(observer);
      const { id } = findMember(members, word);
      return printReplies(session, observer, { ask: 'send', to: id, body });
    });
  },
};

export const broadcast: Command = {
  name: 'broadcast',
  words: ['<body>'],
  summary: 'a message to all members, and their replies as they come',
  options: {},
  connects: true,
  run: async (session) => {
    const body = await readBody(session, session.words[0]!);
    return session.observe((observer) =>
      printReplies(session, observer, { ask: 'broadcast', body }),
    );
  },
};

/** @throws UsageError */
async function readBody(session: Session, word: string): Promise<JsonObject> {
  const text = word === '-' ? await readAll(session.io.stdin) : word;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`<body>: ${(error as Error).message}`);
  }
  if (!isJsonObject(body)) {
    throw new UsageError(
      `<body>: a message is a JSON object, such as '{"type":"hello"}'`,
    );
  }
  return body;
}

async function printReplies(
  session: Session,
  observer: Observer,
  question: JsonObject,
): Promise<number> {
  const { options, io, painter } = session;
  const isForAll = question.ask === 'broadcast';
  const timeout = 1000 * options.number('timeout', 5, 0.1, 3600);
  let failures = 0;
  let count = 0;
  for await (const item of observer.feed({ ...question, timeout })) {
    const { peer, value, error } = item as unknown as Reply;
    count++;
    failures += error ? 1 : 0;
    const from = painter.paint(clean(callingOf(peer)), 'dim');
    if (session.isJson) {
      session.printJson(item);
    } else if (error) {
      const text = clean(`${error.code}: ${error.message}`);
      session.io.stderr.write(
        `nestjs-peercloud: ${isForAll ? `${clean(peer.name ?? peer.id)}: ` : ''}${text}\n`,
      );
    } else {
      session.print(isForAll ? `${from} ${jsonLine(value)}` : jsonLine(value));
    }
  }
  if (isForAll && failures > 0 && !session.isJson && io.stderr.isTTY) {
    session.note(`${count - failures} of ${count} replied`);
  }
  return failures > 0 ? 1 : 0;
}
