import { Cloud } from './cloud.js';
import {
  everyoneSeesEveryone,
  type Kind,
  type PeerProcess,
} from './peer-process.js';

const OURS: Kind[] = ['nest', 'standalone'];

describe('who goes is missed by the other kind', { timeout: 240_000 }, () => {
  const cloud = new Cloud();

  afterEach(() => cloud.end());

  it('an original that is killed', async () => {
    const [original, ...others] = await four();
    await original.kill();
    await everyoneSeesEveryone(others);
  });

  it('an original that ends', async () => {
    const [original, ...others] = await four();
    await original.close();
    await everyoneSeesEveryone(others);
  });

  it('one of ours that is killed', async () => {
    const [first, ours, ...others] = await four();
    await ours.kill();
    await everyoneSeesEveryone([first, ...others]);
  });

  it.each(OURS)('a %s peer that says goodbye', async (kind) => {
    const peers = await four();
    const leaving = await cloud.start(kind, 'leaving', peers[0]);
    await everyoneSeesEveryone([...peers, leaving]);
    await leaving.close();
    await everyoneSeesEveryone(peers);
  });

  it.each(OURS)('the only %s peer beside an original', async (kind) => {
    const original = await cloud.start('original', 'original');
    const ours = await cloud.start(kind, 'ours', original);
    await everyoneSeesEveryone([original, ours]);
    await ours.kill();
    await everyoneSeesEveryone([original]);
  });

  async function four(): Promise<
    [PeerProcess, PeerProcess, PeerProcess, PeerProcess]
  > {
    const first = await cloud.start('original', 'original-1');
    const second = await cloud.start('nest', 'nest', first);
    const third = await cloud.start('original', 'original-2', second);
    const fourth = await cloud.start('standalone', 'standalone', third);
    await everyoneSeesEveryone([first, second, third, fourth]);
    return [first, second, third, fourth];
  }
});
