import { Controller, Inject, Injectable } from '@nestjs/common';
import {
  type ClientProxy,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
} from '@nestjs/microservices';
import { firstValueFrom, toArray } from 'rxjs';
import { KeysService, MembershipService } from '../../../src/index.js';
import {
  PeerCloudClientsModule,
  PeerCloudContext,
  PeerCloudRecord,
  type PeerCloudTarget,
} from '../../../src/integrations/microservices/index.js';
import { PatternDirectory } from '../../../src/integrations/microservices/pattern-directory.js';
import { closePeers } from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import {
  startRpc,
  startRpcCloud,
  untilHandled,
  type RpcApp,
} from './support/rpc-app.js';

@Controller()
class Worker {
  readonly heard: string[] = [];

  constructor(private readonly membership: MembershipService) {}

  @MessagePattern('who')
  who() {
    return this.membership.self.id;
  }

  @EventPattern('order.placed', { group: 'billing' })
  bill(@Payload() { n }: { n: number }) {
    this.heard.push(`billing ${n}`);
  }

  @EventPattern('order.placed', { group: 'shipping' })
  ship(@Payload() { n }: { n: number }) {
    this.heard.push(`shipping ${n}`);
  }

  @EventPattern<string>('order.placed')
  note(@Payload() { n }: { n: number }, @Ctx() context: PeerCloudContext) {
    this.heard.push(`all ${n} of ${context.getPeer().id}`);
  }

  @EventPattern('fails')
  fail(@Payload() _data: object) {
    this.heard.push('fails');
    throw new Error('in the handler of an event');
  }
}

@Injectable()
class Named {
  constructor(@Inject('NEAR') readonly near: ClientProxy) {}
}

let caller: RpcApp;
let workers: RpcApp[];

const who = (to?: PeerCloudTarget) =>
  firstValueFrom(
    caller.client.send<string>('who', new PeerCloudRecord({}, { to })),
  );
const heard = () =>
  workers.map(({ app }) => app.get(Worker, { strict: false }).heard);

beforeAll(async () => {
  const served = { controllers: [Worker] };
  const near = PeerCloudClientsModule.register([
    { name: 'NEAR', to: 'nearest' },
  ]);
  [caller, ...workers] = await startRpcCloud(
    { imports: [near], providers: [Named] },
    served,
    served,
    served,
  );
  await untilHandled(caller, 'who', 3);
});

afterAll(closePeers);

afterEach(() => heard().forEach((each) => (each.length = 0)));

it('asks one after the other', async () => {
  const everyone = workers.map(({ id }) => id).sort();
  // Whoever is suspected meanwhile has its turn last.
  await until(async () => {
    const asked = [await who(), await who(), await who()];
    const again = [await who(), await who(), await who()];
    return (
      [...asked].sort().join() === everyone.join() &&
      again.join() === asked.join()
    );
  });
});

it('asks all, a given one, and the owner of a key', async () => {
  const record = new PeerCloudRecord({}, { to: 'all' });
  const all = caller.client.send<string>('who', record).pipe(toArray());
  expect((await firstValueFrom(all)).sort()).toEqual(
    workers.map(({ id }) => id).sort(),
  );
  const keys = caller.app.get(KeysService, { strict: false });
  await until(() => keys.ownersOf('', 4).length === 4);
  for (const { id } of workers) {
    expect(await who({ peer: id })).toBe(id);
    expect(await who({ peer: caller.membership.get(id)! })).toBe(id);
    const key = await until(() => {
      const name = `user ${Math.random()}`;
      return keys.ownerOf(name).id === id ? name : undefined;
    });
    expect(await who({ owner: key })).toBe(id);
  }
});

it('asks the nearest, once it is known which that is', async () => {
  const { near } = caller.app.get(Named, { strict: false });
  const directory = caller.app.get(PatternDirectory, { strict: false });
  await firstValueFrom(near.send('who', {}));
  const distances = () =>
    workers.map(({ id }) => directory.distanceTo(caller.membership.get(id)!));
  await until(() => distances().every(Number.isFinite));
  const best = distances();
  const nearest = workers[best.indexOf(Math.min(...best))]!.id;
  expect(await firstValueFrom(near.send<string>('who', {}))).toBe(nearest);
  // Oneself is nearer than all others.
  const [first] = workers;
  const own = first!.client.send<string>(
    'who',
    new PeerCloudRecord({}, { to: 'nearest' }),
  );
  expect(await firstValueFrom(own)).toBe(first!.id);
});

it('emits to all, and to one in each group', async () => {
  for (const n of [1, 2, 3]) {
    await firstValueFrom(caller.client.emit('order.placed', { n }));
  }
  await until(() => heard().flat().length === 15);
  for (const each of heard()) {
    const all = each.filter((line) => line.startsWith('all'));
    expect(all).toEqual([1, 2, 3].map((n) => `all ${n} of ${caller.id}`));
  }
  const grouped = heard()
    .flat()
    .filter((line) => !line.startsWith('all'))
    .sort();
  expect(grouped).toEqual(
    ['billing', 'shipping'].flatMap((group) =>
      [1, 2, 3].map((n) => `${group} ${n}`),
    ),
  );
});

it('emits to one peer alone', async () => {
  const [, second] = workers;
  const record = new PeerCloudRecord({ n: 1 }, { to: { peer: second!.id } });
  await firstValueFrom(caller.client.emit('order.placed', record));
  await until(() => heard()[1]!.length === 3);
  expect(heard().map(({ length }) => length)).toEqual([0, 3, 0]);
});

it('emits once for each call, whoever subscribes, and to nobody where nobody has it', async () => {
  const event = caller.client.emit('fails', {});
  await firstValueFrom(event).catch(() => undefined);
  event.subscribe();
  await until(() => heard().flat().length === 3);
  expect(await firstValueFrom(caller.client.emit('unknown', {}))).toBe(
    undefined,
  );
  expect(heard()).toEqual([['fails'], ['fails'], ['fails']]);
});

it('knows at once of handlers that come and go', async () => {
  const { address } = caller;
  const peer = await startRpc({
    options: { peers: [address] },
    controllers: [Worker],
  });
  await untilHandled(caller, 'who', 4);
  expect(await who({ peer: peer.id })).toBe(peer.id);
  await peer.close();
  await untilHandled(caller, 'who', 3);
});

it('refuses what cannot work at the start', () => {
  const register = (options: object) => () =>
    PeerCloudClientsModule.register([{ name: 'X', ...options }]);
  expect(register({ to: 'everybody' })).toThrow(
    /clients\[0\]\.to: "everybody"/,
  );
  expect(register({ timeout: 0 })).toThrow(/clients\[0\]\.timeout: 0/);
});
