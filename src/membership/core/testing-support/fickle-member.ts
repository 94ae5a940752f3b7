import type { Endpoint } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import { never, OURS } from './checked-cloud.js';
import type { FakePeer } from './fake-peer.js';
import { TestCloud, type TestPeer } from './test-cloud.js';

/** How a fake member treats the core: each of them may be changed at any time. */
export interface Host {
  knows: boolean;
  letsIn: boolean;
  /** False: it does not answer a join at all. */
  answersJoin: boolean;
  /** False: it does not answer checks. */
  answersStatus: boolean;
  leaves: boolean;
  /** Ms that it takes to answer a check, and a join. */
  checkDelay: number;
  joinDelay: number;
}

/** A fake that is a member of the core's cloud and decides whether it knows that core and lets it in. */
export async function makeMember(cloud: TestCloud, a: TestPeer, id: string) {
  const host: Host = {
    knows: true,
    letsIn: true,
    answersJoin: true,
    answersStatus: true,
    leaves: false,
    checkDelay: 0,
    joinDelay: 0,
  };
  const peer: FakePeer = cloud.fake(id, {
    answer: async (endpoint): Promise<JsonObject | undefined> => {
      if (endpoint === 'status') {
        if (!host.answersStatus) {
          return never;
        }
        if (host.checkDelay > 0) {
          await cloud.pause(host.checkDelay);
        }
        const online = !host.leaves;
        const status = { id, online, ...OURS, incarnation: 5 };
        return host.knows ? { ...status, ext: { updates: [] } } : status;
      }
      if (endpoint !== 'join') {
        return undefined;
      }
      if (!host.answersJoin) {
        return never;
      }
      if (host.joinDelay > 0) {
        await cloud.pause(host.joinDelay);
      }
      if (!host.letsIn) {
        return { status: 'rejected', error: { code: 'LEAVING' } };
      }
      host.knows = true;
      const self = { id, data: {}, ...peer.address, ...OURS, incarnation: 5 };
      return { status: 'joined', id: 'a', ...a.address, self, peers: [] };
    },
  });
  const joining = peer.join(a.address, { ...OURS, incarnation: 5 });
  await cloud.clock.complete(joining);
  return { peer, host };
}

/** A core with several of them, of which none lists it any more. */
export async function evicted(ids: readonly string[]) {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false });
  const hosts = new Map<string, Host>();
  for (const id of ids) {
    hosts.set(id, (await makeMember(cloud, a, id)).host);
  }
  await cloud.clock.run(20_000);
  for (const host of hosts.values()) {
    host.knows = false;
  }
  cloud.requests.length = 0;
  const sent = (endpoint: Endpoint) =>
    cloud.requests.filter(
      (request) => request.from === 'a' && request.endpoint === endpoint,
    );
  return { cloud, a, hosts, sent };
}
