import { someOf } from '../support/amount.js';
import { Cloud } from './cloud.js';
import {
  everyoneSeesEveryone,
  type Kind,
  type PeerProcess,
} from './peer-process.js';
import { settled } from './settled.js';

const OURS: Kind[] = ['nest', 'standalone', 'fastify', 'own listener'];

const cloud = new Cloud();

describe.each(someOf(OURS, 2))(
  '%s and the original',
  { timeout: 180_000 },
  (kind) => {
    afterAll(() => cloud.end());

    // Both at the same time: they are processes that wait most of the time.
    it.concurrent('is joined by the original', async () => {
      const ours = await cloud.start(kind, 'ours');
      const original = await cloud.start('original', 'original', ours);

      await understandEachOther(ours, original);
    });

    it.concurrent('joins the original', async () => {
      const original = await cloud.start('original', 'original');
      const ours = await cloud.start(kind, 'ours', original);

      await understandEachOther(ours, original);
    });
  },
);

async function understandEachOther(
  ours: PeerProcess,
  original: PeerProcess,
): Promise<void> {
  await everyoneSeesEveryone([ours, original]);
  await dataArrives(ours, original);
  await dataArrives(original, ours);
  await repliesArrive(ours, original);
  await repliesArrive(original, ours);
  await errorsArrive(ours, original);
  await errorsArrive(original, ours);
}

async function dataArrives(at: PeerProcess, of: PeerProcess): Promise<void> {
  const [data] = await at.data();
  expect(data).toEqual(dataOf(of));
}

async function repliesArrive(from: PeerProcess, to: PeerProcess) {
  const body = { type: 'echo', text: 'ünï→☃', deep: [{ n: 1.5, none: null }] };
  const value = { from: to.name, sender: dataOf(from), body };

  const peers = [from, to];
  expect(await settled(peers, () => from.send(to, body))).toEqual({ value });
  expect(await settled(peers, () => from.broadcast(body))).toEqual([
    { name: to.name, value },
  ]);
}

async function errorsArrive(from: PeerProcess, to: PeerProcess) {
  const body = { type: 'refuse', status: 418 };

  const peers = [from, to];
  const refused = await settled(peers, () => from.send(to, body));
  expect(refused).toMatchObject({ status: 418 });
  const all = await settled(peers, () => from.broadcast(body));
  expect(all).toMatchObject([{ name: to.name, status: 418 }]);
  const failed = await settled(peers, () => from.send(to, { type: 'refuse' }));
  expect(failed).toMatchObject({ status: 500 });
}

function dataOf({ name, kind }: PeerProcess): object {
  const known = kind === 'original' || kind === 'standalone' ? kind : 'nest';
  return { name, kind: known };
}
