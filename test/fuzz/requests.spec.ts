import fc from 'fast-check';
import { Attacker, type Attack } from './support/attacker.js';
import {
  BATCH,
  count,
  fuzz,
  isLong,
  report,
  TIMEOUT,
} from './support/budget.js';
import { FuzzCloud } from './support/fuzz-cloud.js';
import { KINDS, keyringOf } from './support/fuzz-security.js';
import { headerChanges } from './support/header-changes.js';
import { damaged, hostile } from './support/hostile-text.js';
import { bodiesOf } from './support/wire-bodies.js';

const STACK = /\n {4}at |node_modules|file:\/\/|\.[jt]s:\d/;

/** Cases between two looks at the whole list, which may take seconds to come right. */
const BLOCK = 1000;

describe.each(KINDS)('requests to a peer of $cloud', ({ cloud, kind }) => {
  const suite = `requests, ${cloud}`;
  let peers: FuzzCloud;
  let attacker: Attacker;
  let cases = 0;
  const late: Promise<void>[] = [];

  beforeAll(async () => {
    // The second one lends its name to the attacker.
    peers = await FuzzCloud.start(kind, 2);
    attacker = new Attacker(peers.subject, keyringOf(peers.security[2]));
  }, TIMEOUT);

  afterAll(async () => {
    report(suite);
    await attacker.close();
    await peers.close();
  }, TIMEOUT);

  async function strike({ attack, cut }: Strike): Promise<void> {
    if (cut !== null) {
      await attacker.write(broken(attacker.bytesOf(attack), cut), 2);
      return;
    }
    const answered = attacker.send(attack).then(({ status, text }) => {
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(STACK);
    });
    // A refused join is answered late; the others need not wait for it.
    if (attack.path === '/join') {
      late.push(answered);
    } else {
      await answered;
    }
  }

  /** Fails if one of the late answers was wrong. */
  async function expectLateAnswers(): Promise<void> {
    await Promise.all(late.splice(0));
  }

  it(
    'break nothing, whatever is in them',
    async () => {
      await fuzz(
        fc.asyncProperty(batches(peers), async (batch) => {
          count(suite, batch.length);
          await Promise.all(batch.map(strike));
          await peers.expectSound();
          cases += batch.length;
          if (cases % BLOCK === 0) {
            await expectLateAnswers();
            await peers.expectIntact();
            if (isLong) {
              peers.memory.begin();
            }
          }
        }),
        0.2,
      );
      await expectLateAnswers();
      await peers.expectIntact();
      peers.memory.expectFlat();
    },
    TIMEOUT,
  );
});

interface Strike {
  attack: Attack;
  /** Where its bytes break; null: nowhere. */
  cut: number | null;
}

const batches = (cloud: FuzzCloud): fc.Arbitrary<Strike[]> =>
  fc.array(
    fc.record({
      attack: attacks(cloud),
      cut: fc.oneof(
        { weight: 4, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.nat() },
      ),
    }),
    { minLength: BATCH, maxLength: BATCH },
  );

/** The bytes up to anywhere, or with a piece of them twice. */
function broken(bytes: Buffer, cut: number): Buffer {
  const at = Math.floor(cut / 2) % (bytes.length + 1);
  return cut % 2 === 0
    ? bytes.subarray(0, at)
    : Buffer.concat([bytes.subarray(0, at), bytes.subarray(at / 2)]);
}

function attacks({ peers, others }: FuzzCloud): fc.Arbitrary<Attack> {
  const ids = peers.map(({ membership }) => membership.self.id);
  const puppet = others.at(-1)!.membership.self.id;
  const { requests } = bodiesOf({
    ids,
    ports: peers.map(({ port }) => port),
  });
  const headers = fc.oneof(
    { weight: 12, arbitrary: fc.constant({}) },
    fc.constantFrom<Record<string, string>>(
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-encoding': 'gzip' },
      { 'x-forwarded-for': '10.0.0.1, ::1' },
      { te: 'trailers', 'x-y': 'y'.repeat(7000) },
    ),
  );
  return fc
    .constantFrom(...Object.keys(requests), 'stream')
    .chain((endpoint) =>
      fc.record({
        path: fc.constantFrom(`/${endpoint}`),
        senderId: fc.constantFrom(puppet, puppet, undefined, 'nobody'),
        body: fc.oneof(
          {
            weight: 6,
            arbitrary: (requests[endpoint] ?? hostile).map((text) =>
              Buffer.from(text),
            ),
          },
          { weight: 2, arbitrary: damaged(requests[endpoint] ?? hostile) },
          { weight: 1, arbitrary: hostile.map((text) => Buffer.from(text)) },
        ),
        headers,
        changes: headerChanges,
      }),
    )
    .filter(({ path, body }) => !(path === '/left' && body.includes(puppet)));
}
