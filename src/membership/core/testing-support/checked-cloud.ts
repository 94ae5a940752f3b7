import type { JsonObject } from '../../../wire/json.js';
import type { FakePeer } from './fake-peer.js';
import {
  TestCloud,
  type TestPeer,
  type TestPeerOptions,
} from './test-cloud.js';

/** What every peer of ours understands: a fake that names it is treated as one. */
export const OURS = { features: ['update', 'gossip', 'probe', 'sync'] };

/** A question that is never answered. */
export const never = new Promise<JsonObject>(() => {});

/** A core that checks when it is told to, and others that know it and each other. */
export async function makeCloud(
  ids: readonly string[],
  options: TestPeerOptions = {},
) {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false, ...options });
  const others: Record<string, TestPeer> = {};
  for (const id of ids) {
    others[id] = cloud.peer(id, { seeds: [a.address], ticks: false });
    await cloud.clock.run(100);
  }
  await cloud.clock.run(15_000);
  a.events.length = 0;
  cloud.requests.length = 0;
  const check = (id: string) => cloud.clock.complete(a.core.check(id));
  return { cloud, a, others, check };
}

/** Adds a member without a mind, which answers while `mute` is false, after `delay` ms. */
export async function addFake(cloud: TestCloud, a: TestPeer, id: string) {
  const control = { mute: false, delay: 0, status: {} as JsonObject };
  const fake = cloud.fake(id, {
    answer: async (endpoint) => {
      if (endpoint !== 'status') {
        return undefined;
      }
      if (control.mute) {
        return never;
      }
      if (control.delay > 0) {
        await cloud.pause(control.delay);
      }
      const ext = { updates: [] };
      return {
        id,
        online: true,
        ...OURS,
        incarnation: 5,
        ext,
        ...control.status,
      };
    },
  });
  await cloud.clock.complete(fake.join(a.address, { ...OURS, incarnation: 5 }));
  await cloud.clock.run(2000);
  a.events.length = 0;
  cloud.requests.length = 0;
  return Object.assign(control, { fake });
}

/** Sends an update, as the fake. */
export function tell(
  cloud: TestCloud,
  a: TestPeer,
  fake: FakePeer,
  update: JsonObject,
) {
  const body = { ext: { updates: [update] } };
  return cloud.clock.complete(fake.send(a.address, 'status', body));
}

/** True once any member has gone. */
export const left = ({ events }: TestPeer) =>
  events.some(({ type }) => type === 'peer.left');
