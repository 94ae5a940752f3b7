import fc from 'fast-check';
import type { MembershipCore } from '../../src/membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../../src/options/peer-cloud.tokens.js';
import {
  BATCH,
  count,
  fuzz,
  isLong,
  report,
  TIMEOUT,
} from './support/budget.js';
import { FuzzCloud } from './support/fuzz-cloud.js';
import { KINDS } from './support/fuzz-security.js';
import { Liar } from './support/liar.js';
import { liesWith, type Lie } from './support/lies.js';
import { bodiesOf } from './support/wire-bodies.js';

/** Ms that a peer waits for the liar. */
const WAIT = 250;

const FEATURES = [['gossip', 'probe', 'sync', 'update'], []];

/** Cases between two looks at the whole list, which may take seconds to come right. */
const BLOCK = 1000;

type Call = 'check' | 'tick' | 'join' | 'message' | 'update' | 'sync';

interface Case {
  call: Call;
  lies: Record<string, Lie>;
}

describe.each(KINDS)(
  'answers of a lying member of $cloud',
  ({ cloud, kind }) => {
    const suite = `answers, ${cloud}`;
    let peers: FuzzCloud;
    let core: MembershipCore;
    let liar: Liar;
    let cases = 0;

    beforeAll(async () => {
      peers = await FuzzCloud.start(kind, 1, {
        requestTimeout: WAIT,
        healthCheck: false,
        membership: { profile: 'local', joinTimeout: WAIT, syncInterval: 1000 },
      });
      core = peers.subject.app.get(MEMBERSHIP_CORE, { strict: false });
      liar = await Liar.start(peers.security.at(-1));
      peers.allow(liar.port);
    }, TIMEOUT);

    afterAll(async () => {
      report(suite);
      liar.close();
      await peers.close();
    }, TIMEOUT);

    async function run({ call, lies }: Case): Promise<void> {
      liar.lies = lies;
      const { membership, messaging } = peers.subject;
      switch (call) {
        case 'check':
          await core.check(liar.id).catch(expectError);
          break;
        case 'tick':
          await core.tick();
          break;
        case 'join':
          await membership.join([`127.0.0.1:${liar.port}`]);
          break;
        case 'message':
          await messaging
            .send(liar.id, { any: 1 }, { timeout: WAIT })
            .catch(expectError);
          break;
        case 'update':
          await membership.update({ n: cases });
          break;
        case 'sync':
          await core.receiveSync(
            { digest: 'x' },
            core.get(liar.id) ?? core.self,
          );
          await core.tick();
          break;
      }
    }

    it(
      'break nothing, whatever is in them',
      async () => {
        await fuzz(
          fc.asyncProperty(
            batches(peers, liar),
            fc.constantFrom(...FEATURES),
            async (batch, features) => {
              for (const each of batch) {
                if (!core.get(liar.id)) {
                  liar.lies = {};
                  await liar.join(peers.subject, features);
                }
                await run(each);
              }
              count(suite, batch.length);
              liar.lies = {};
              await peers.expectSound();
              cases += batch.length;
              if (cases % BLOCK === 0) {
                await peers.expectIntact(liar.id);
                if (isLong) {
                  peers.memory.begin();
                }
              }
            },
          ),
          0.1,
        );
        await peers.expectIntact(liar.id);
        peers.memory.expectFlat();
      },
      TIMEOUT,
    );
  },
);

/** What callers get is an error of ours, with a code. */
function expectError(error: { code?: unknown }): void {
  expect(error.code).toEqual(expect.stringMatching(/^[A-Z_]+$/));
}

function batches({ peers }: FuzzCloud, liar: Liar): fc.Arbitrary<Case[]> {
  const { answers } = bodiesOf({
    ids: [liar.id, ...peers.map(({ membership }) => membership.self.id)],
    ports: [liar.port, ...peers.map(({ port }) => port)],
  });
  const lies = Object.fromEntries(
    Object.entries(answers).map(([endpoint, bodies]) => [
      endpoint,
      liesWith(bodies),
    ]),
  );
  return fc.array(
    fc.record({
      call: fc.constantFrom<Call>(
        ...(['check', 'tick', 'join', 'message', 'update', 'sync'] as const),
      ),
      lies: fc.record(lies),
    }),
    { minLength: BATCH, maxLength: BATCH },
  );
}
