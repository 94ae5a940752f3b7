import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import fc from 'fast-check';
import type { MessageNotice } from '../../src/index.js';
import type { PeerSecurity } from '../../src/security/peer-security.js';
import { until } from '../support/until.js';
import {
  BATCH,
  count,
  fuzz,
  isLong,
  report,
  TIMEOUT,
} from './support/budget.js';
import { FuzzCloud } from './support/fuzz-cloud.js';
import { SECRET } from './support/fuzz-security.js';
import { LIAR, Liar, type AcceptedStream } from './support/liar.js';
import {
  GREETING,
  readLines,
  sealed,
  SealedStream,
  securityOf,
} from './support/sealed-stream.js';
import {
  tamper,
  tamperings,
  type Tampered,
  type Tampering,
} from './support/tampering.js';

/** Ms that somebody waits for a reply: no case may need it. */
const PATIENCE = 20_000;

/** Cases after which the heap is looked at for the first time. */
const WARM = 500;

const NOTHING = Buffer.alloc(0);

const QUICKLY = { interval: 1 };

/** Numbers of messages; none is used twice. */
let next = 0;
const numbers = (count: number) => Array.from({ length: count }, () => next++);

interface Case {
  /** Messages in each record. */
  groups: number[];
  tampering: Tampering;
}

const cases = fc.array(
  fc.record({
    groups: fc.array(fc.integer({ min: 1, max: 3 }), {
      minLength: 1,
      maxLength: 4,
    }),
    tampering: tamperings,
  }),
  { minLength: BATCH, maxLength: BATCH },
);

/** The one is the beginning of the other. */
function expectStartOf<T>(some: readonly T[], all: readonly T[]): void {
  expect(some).toEqual(all.slice(0, some.length));
}

describe('records to a peer, with somebody on the way', () => {
  const suite = 'sealed streams to a peer';
  let peers: FuzzCloud;
  let sender: PeerSecurity;
  /** Numbers that handlers have got, in their order. */
  const handled: number[] = [];

  function note(message: unknown): void {
    const { self, body } = message as MessageNotice;
    const { n } = body as { n?: unknown };
    if (self === peers.subject.membership.self.id && typeof n === 'number') {
      handled.push(n);
    }
  }

  beforeAll(async () => {
    peers = await FuzzCloud.start('secret', 2);
    sender = securityOf(peers.others[1]!.membership.self.id, SECRET);
    subscribe('peercloud:message.received', note);
  }, TIMEOUT);

  afterAll(async () => {
    report(suite);
    unsubscribe('peercloud:message.received', note);
    await peers.close();
  }, TIMEOUT);

  async function run({ groups, tampering }: Case): Promise<void> {
    handled.length = 0;
    const stream = await SealedStream.open(sender, peers.subject);
    const sent = groups.map(numbers);
    const lines = sent.map(
      (ns) =>
        `["m",0${ns.map((n) => `,${n},${PATIENCE},{"n":${n}}`).join('')}]\n`,
    );
    const { pieces, intact, breaks } = tamper(
      [GREETING, ...lines].map((line) => stream.seal(line)),
      tampering,
      stream.firstRecord,
    );
    stream.write(pieces);
    const genuine = sent.slice(0, Math.max(0, intact - 1)).flat();
    if (breaks) {
      await until(() => stream.closed, QUICKLY);
    } else {
      await until(() => stream.replies.size === genuine.length, QUICKLY);
      expect(handled).toEqual(genuine);
      if (tampering.kind === 'nothing') {
        stream.end();
      } else {
        stream.destroy();
      }
      await until(() => stream.closed, QUICKLY);
    }
    expectStartOf(handled, genuine);
    for (const [n, reply] of stream.replies) {
      expect(handled).toContain(n);
      expect(reply).toEqual([200, { echo: { n } }]);
    }
  }

  it(
    'deliver what was sent, in its order, or nothing',
    async () => {
      let ran = 0;
      await fuzz(
        fc.asyncProperty(cases, async (batch) => {
          for (const each of batch) {
            await run(each);
          }
          count(suite, batch.length);
          await peers.expectSound();
          ran += batch.length;
          if (isLong && ran === WARM) {
            peers.memory.begin();
          }
        }),
        0.1,
      );
      await peers.expectIntact();
      peers.memory.expectFlat();
    },
    TIMEOUT,
  );
});

describe('records from a peer, with somebody on the way', () => {
  const suite = 'sealed streams from a peer';
  let peers: FuzzCloud;
  let liar: Liar;
  let streams = 0;

  beforeAll(async () => {
    peers = await FuzzCloud.start('secret', 1, { healthCheck: false });
    liar = await Liar.start({ secret: SECRET });
    peers.allow(liar.port);
  }, TIMEOUT);

  afterAll(async () => {
    report(suite);
    liar.close();
    await peers.close();
  }, TIMEOUT);

  /** Answers so many messages, with records that somebody changes on their way; gives the number of those that stay as they are. */
  function answer(
    { socket, codec }: AcceptedStream,
    messages: number,
    tampering: Tampering,
  ): Promise<number> {
    socket.on('error', () => undefined);
    return new Promise((resolve) => {
      const write = ({ pieces, breaks }: Tampered) => {
        for (const piece of pieces) {
          socket.write(piece);
        }
        if (!breaks && tampering.kind !== 'nothing') {
          socket.once('drain', () => socket.destroy());
          if (!socket.writableNeedDrain) {
            setImmediate(() => socket.destroy());
          }
        }
      };
      const ids: number[] = [];
      const { raw } = readLines(socket, NOTHING, codec, (line) => {
        if (!Array.isArray(line)) {
          return;
        }
        for (let at = 2; at < line.length; at += 3) {
          ids.push(line[at] as number);
        }
        if (ids.length < messages) {
          return;
        }
        const replies = ids.map((id, index) =>
          sealed(codec, `["r",${id},200,{"reply":${index}}]\n`),
        );
        const tampered = tamper(replies, tampering, raw[0]!);
        write(tampered);
        resolve(tampered.intact);
      });
      const greeting = sealed(codec, GREETING);
      const isFirst = tampering.record % (messages + 1) === messages;
      if (isFirst && tampering.kind !== 'nothing') {
        const heartbeat = sealed(codec, '0\n');
        write(
          tamper([greeting, heartbeat], { ...tampering, record: 0 }, greeting),
        );
        resolve(0);
      } else {
        socket.write(greeting);
      }
    });
  }

  async function run({ groups, tampering }: Case): Promise<void> {
    const messages = groups.reduce((sum, size) => sum + size, 0);
    await liar.leave(peers.subject);
    await liar.join(peers.subject, ['upgrade']);
    let intact: Promise<number> | undefined;
    liar.onStream = (stream) => {
      // The subject's first one only: what goes another way after it broke is nobody's who tampers, and the other member only checks.
      if (intact || stream.peerId !== peers.subject.membership.self.id) {
        stream.socket.destroy();
      } else {
        intact = answer(stream, messages, tampering);
      }
    };
    const { messaging } = peers.subject;
    const results = await Promise.all(
      numbers(messages).map((n) =>
        messaging.send(LIAR, { n }, { timeout: PATIENCE }).catch(codeOf),
      ),
    );
    streams += intact ? 1 : 0;
    const genuine = await intact!;
    // What was not given to a stream has gone by /message, where the liar says `{}`.
    const replies = results.filter(
      (result) => typeof result !== 'string' && 'reply' in (result as object),
    );
    expectStartOf(
      replies,
      Array.from({ length: genuine }, (_, reply) => ({ reply })),
    );
    if (tampering.kind === 'nothing') {
      expect(replies).toHaveLength(messages);
    }
  }

  it(
    'bring the replies that were sent, in their order, or errors',
    async () => {
      let ran = 0;
      await fuzz(
        fc.asyncProperty(cases, async (batch) => {
          for (const each of batch) {
            await run(each);
          }
          count(suite, batch.length);
          await peers.expectSound();
          ran += batch.length;
          if (isLong && ran === WARM) {
            peers.memory.begin();
          }
        }),
        0.1,
      );
      expect(streams).toBe(ran);
      await peers.expectIntact(LIAR);
      peers.memory.expectFlat();
    },
    TIMEOUT,
  );
});

/** The code of an error of ours. */
function codeOf(error: { code?: unknown }): string {
  expect(error.code).toEqual(expect.stringMatching(/^[A-Z_]+$/));
  return String(error.code);
}
