import { someOf } from '../support/amount.js';
import { Cloud } from './cloud.js';
import {
  everyoneSeesEveryone,
  type Kind,
  type PeerProcess,
} from './peer-process.js';

const OURS = ['nest', 'standalone'] as const satisfies Kind[];

describe('who goes is missed by the other kind', { timeout: 240_000 }, () => {
  const cloud = new Cloud();

  describe('in a cloud of all kinds', () => {
    /** Whoever has not gone yet. */
    const present = new Set<PeerProcess>();

    beforeAll(async () => {
      await joined('original', 'original, stays');
      await joined('nest', 'nest, stays');
      await joined('original', 'original, is killed');
      await joined('standalone', 'standalone, stays');
      await joined('original', 'original, ends');
      await joined('nest', 'nest, is killed');
      await joined('nest', 'nest, leaves');
      await joined('standalone', 'standalone, leaves');
      await everyoneSeesEveryone([...present]);
    }, 240_000);

    it('an original that is killed', async () => {
      await gone('original, is killed').kill();
      await everyoneSeesEveryone([...present]);
    });

    it('an original that ends', async () => {
      await gone('original, ends').close();
      await everyoneSeesEveryone([...present]);
    });

    it('one of ours that is killed', async () => {
      await gone('nest, is killed').kill();
      await everyoneSeesEveryone([...present]);
    });

    it.each(OURS)('a %s peer that says goodbye', async (kind) => {
      await gone(`${kind}, leaves`).close();
      await everyoneSeesEveryone([...present]);
    });

    /** Starts a peer that joins the one that came last. */
    async function joined(kind: Kind, name: string): Promise<void> {
      const last = [...present].slice(-1);
      present.add(await cloud.start(kind, name, ...last));
    }

    function gone(name: string): PeerProcess {
      const peer = [...present].find((each) => each.name === name)!;
      present.delete(peer);
      return peer;
    }
  });

  it.concurrent.each(someOf(OURS, 0))(
    'the only %s peer beside an original',
    async (kind) => {
      const original = await cloud.start('original', 'original');
      const ours = await cloud.start(kind, 'ours', original);
      await everyoneSeesEveryone([original, ours]);
      await ours.kill();
      await everyoneSeesEveryone([original]);
    },
  );
});
