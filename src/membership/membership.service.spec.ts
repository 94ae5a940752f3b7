import type { PeerCloudOptions } from '../options/peer-cloud.options.js';
import { OptionsError } from '../options/option-checks.js';
import { resolvePeerCloudOptions } from '../options/resolve-options.js';
import { systemClock } from './core/environment.js';
import type { MembershipCore } from './core/membership-core.js';
import type { Member, MembershipEvent } from './core/membership.types.js';
import { MembershipEvents } from './membership-events.js';
import { MembershipWaits } from './membership-waits.js';
import { MembershipService } from './membership.service.js';
import type { PeerCloudEvent } from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';

function member(id: string, data = {}): Member {
  return {
    id,
    ip: '10.0.0.1',
    port: 9338,
    data,
    features: [],
    incarnation: 0,
    state: 'alive',
  };
}

/** As much of a core as the service needs, moved by hand. */
class FakeCore {
  self = member('self');
  list: readonly Member[] = [];
  updates: unknown[] = [];
  seeds: unknown;
  readonly #listeners: ((event: MembershipEvent) => void)[] = [];

  get id(): string {
    return this.self.id;
  }

  members(): readonly Member[] {
    return this.list;
  }

  get(id: string): Member | undefined {
    return this.list.find((each) => each.id === id);
  }

  onEvent(listener: (event: MembershipEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => undefined;
  }

  emit(event: MembershipEvent): void {
    this.#listeners.forEach((listener) => listener(event));
  }

  async update(data: unknown): Promise<void> {
    this.updates.push(data);
  }

  async join(seeds: unknown): Promise<boolean> {
    this.seeds = seeds;
    return true;
  }
}

function create(options: PeerCloudOptions = {}) {
  const core = new FakeCore();
  const asCore = core as unknown as MembershipCore;
  const directory = new PeerDirectory(asCore);
  const resolved = resolvePeerCloudOptions(options);
  const service = new MembershipService(
    asCore,
    directory,
    new MembershipEvents(asCore, directory),
    new MembershipWaits(asCore, systemClock, resolved),
    resolved,
  );
  const events: PeerCloudEvent[] = [];
  service.events$.subscribe((event) => events.push(event));
  return { core, service, directory, events };
}

describe('MembershipService', () => {
  it('gives the same Peer for a member, with its newest record', () => {
    const { core, service, directory } = create();
    core.list = [member('a', { v: 1 })];
    const [peer] = service.peers();
    core.list = [member('a', { v: 2 })];
    expect(service.peers()).toEqual([peer]);
    expect(service.get('a')).toBe(peer);
    expect(directory.of(core.list[0]!)).toBe(peer);
    expect(peer!.data).toEqual({ v: 2 });
  });

  it('gives an array of the caller’s own', () => {
    const { core, service } = create();
    core.list = [member('a')];
    service.peers().pop();
    expect(service.peers()).toHaveLength(1);
  });

  it('keeps the last record of who has left, and makes a new Peer for who comes back', () => {
    const { core, service, events } = create();
    core.list = [member('a', { v: 1 })];
    const [peer] = service.peers();
    const gone = core.list[0]!;
    core.list = [];
    core.emit({ type: 'peer.left', member: gone, reason: 'dead' });
    expect(events).toEqual([{ type: 'peer.left', peer, reason: 'dead' }]);
    expect(peer!.toJSON()).toEqual({
      id: 'a',
      ip: '10.0.0.1',
      port: 9338,
      data: { v: 1 },
      features: [],
      state: 'alive',
      since: peer!.since,
    });
    core.list = [member('a', { v: 2 })];
    expect(service.get('a')).not.toBe(peer);
  });

  it('holds no Peer of somebody who is not on the list', () => {
    const { service, directory } = create();
    const stranger = member('stranger');
    expect(directory.of(stranger)).not.toBe(directory.of(stranger));
    expect(service.get('stranger')).toBeUndefined();
  });

  it('knows itself, also under a new id', () => {
    const { core, service, directory } = create();
    const { self } = service;
    core.self = member('assigned');
    expect(self.id).toBe('assigned');
    expect(service.get('assigned')).toBe(self);
    expect(directory.of(core.self)).toBe(self);
  });

  it('delivers events in order to all, when a listener causes another one', () => {
    const { core, service } = create();
    const seen: string[] = [];
    service.events$.subscribe(({ type }) => {
      if (type === 'cloud.joined') {
        core.emit({ type: 'cloud.left' });
      }
    });
    service.events$.subscribe(({ type }) => seen.push(type));
    core.emit({ type: 'cloud.joined' });
    expect(seen).toEqual(['cloud.joined', 'cloud.left']);
  });

  it('brings messages to the messenger, once there is one', async () => {
    const { core, service, directory } = create();
    core.list = [member('a')];
    const [peer] = service.peers();
    await expect(peer!.send({})).rejects.toMatchObject({ code: 'NOT_READY' });
    const sent: unknown[] = [];
    directory.bindMessenger({
      send: async (...args) => {
        sent.push(args);
        return { ok: true };
      },
    });
    const options = { timeout: 5 };
    expect(await peer!.send({ n: 1 }, options)).toEqual({ ok: true });
    await service.self.send({ n: 2 });
    expect(sent).toEqual([
      ['a', { n: 1 }, options],
      ['self', { n: 2 }, undefined],
    ]);
  });

  it('checks what it is given', async () => {
    const { core, service } = create({ limits: { maxDataBytes: 40 } });
    await expect(service.update([] as never)).rejects.toThrow(OptionsError);
    await expect(service.update({ n: 'x'.repeat(40) })).rejects.toThrow(
      /^data: {"n":"x{40}"}: must be 40 bytes of JSON at most/,
    );
    await service.update({ at: new Date(0) as never });
    expect(core.updates).toEqual([{ at: '1970-01-01T00:00:00.000Z' }]);

    await expect(service.join(['a:b'])).rejects.toThrow(
      'peers[0]: "a:b": port must be 0 to 65535',
    );
    await service.join(['a:1']);
    expect(core.seeds).toEqual([{ ip: 'a', port: 1 }]);
    await service.join();
    expect(core.seeds).toBeUndefined();
  });

  it('does not tell applications of features', () => {
    const { core, events } = create();
    core.list = [member('a')];
    core.emit({ type: 'peer.features', member: core.list[0]! });
    expect(events).toEqual([]);
  });
});
