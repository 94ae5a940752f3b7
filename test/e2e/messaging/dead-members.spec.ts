import { spawn, type ChildProcess } from 'node:child_process';
import { devNull } from 'node:os';
import type { MessageError, PeerCloudOptions } from '../../../src/index.js';
import { someOf } from '../../support/amount.js';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import {
  checkUntil,
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

const RECEIVER = 'test/e2e/messaging/programs/receiver.ts';
const ID = 'stopped';

/** Ms after `peer.left` within which nothing may wait any more, and ms that messages have. */
const SETTLED = 1000;
const PATIENCE = 60_000;

/** More than go by `/message` at the same time: some of them wait for that. */
const MESSAGES = 100;

const programs = usePrograms(RECEIVER);
let child: ChildProcess;

afterEach(async () => {
  child.kill('SIGKILL');
  await closePeers();
});

/** A peer, and a member that is a process of its own. */
async function startWithMember(options: PeerCloudOptions): Promise<PeerApp> {
  const sender = await startPeer({ options });
  child = spawn(
    process.execPath,
    [programs(RECEIVER), ID, String(sender.port), devNull],
    { stdio: 'inherit' },
  );
  await until(() => sender.membership.get(ID), { timeout: PATIENCE });
  return sender;
}

describe('what waits for a member that stands still ends with it', () => {
  const ways: [string, { options?: PeerCloudOptions; opened?: boolean }][] = [
    ['on a stream', { opened: true }],
    ['by /message, as the stream was not opened in time', {}],
    ['while a stream is being opened', { options: slowToOpen() }],
    ['by /message alone', { options: { messaging: { stream: false } } }],
  ];
  it.each(someOf(ways, 2))(
    '%s',
    async (_, { options = {}, opened = false }) => {
      const sender = await startWithMember(options);
      const peer = sender.membership.get(ID)!;
      if (opened) {
        await peer.send({ type: 'count', n: 0 });
      }
      let leftAt = Infinity;
      sender.membership.events$.subscribe(({ type }) => {
        leftAt = type === 'peer.left' ? performance.now() : leftAt;
      });
      child.kill('SIGSTOP');
      const all = Promise.all(
        Array.from({ length: MESSAGES }, (_each, n) =>
          peer.send({ type: 'count', n }, { timeout: PATIENCE }).then(
            () => 'replied',
            ({ code }: MessageError) => code,
          ),
        ),
      );
      await checkUntil(sender, () => leftAt < Infinity, { timeout: PATIENCE });
      const outcomes = await all;
      expect(performance.now() - leftAt).toBeLessThan(SETTLED);
      expect(new Set(outcomes)).toEqual(new Set(['CONNECTION_LOST']));
    },
  );
});

function slowToOpen(): PeerCloudOptions {
  return { messaging: { stream: { openTimeout: PATIENCE } } };
}
