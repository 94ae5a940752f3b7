import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, toArray } from 'rxjs';
import {
  MembershipService,
  type PeerCloudOptions,
} from '../../../src/index.js';
import { PeerCloudRecord } from '../../../src/integrations/microservices/index.js';
import {
  closePeers,
  type AdapterName,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import { startRpcCloud, untilHandled, type RpcApp } from './support/rpc-app.js';

@Controller()
class Worker {
  readonly heard: number[] = [];

  constructor(private readonly membership: MembershipService) {}

  @MessagePattern('who')
  who() {
    return this.membership.self.id;
  }

  @EventPattern<string>('told')
  told(@Payload() n: number) {
    this.heard.push(n);
  }
}

const byMessage = { messaging: { stream: false as const } };
const SETUPS: [string, AdapterName, PeerCloudOptions][] = [
  ['by stream on Express', 'express', {}],
  ['by /message on Express', 'express', byMessage],
  ['by stream on Fastify', 'fastify', {}],
  ['by /message on Fastify', 'fastify', byMessage],
];

afterEach(closePeers);

it.each(SETUPS)(
  'two hybrid apps answer and hear all, until one closes, and the other (%s)',
  async (_, adapter, options) => {
    const served = { controllers: [Worker], adapter, options };
    const [caller, ...servers] = await startRpcCloud(
      { adapter, options },
      served,
      served,
    );
    const ids = servers.map(({ id }) => id).sort();
    const heard = () =>
      servers.map(({ app }) => app.get(Worker, { strict: false }).heard);
    const ask = (to: 'any' | 'all') =>
      firstValueFrom(
        caller.client
          .send<string>('who', new PeerCloudRecord({}, { to }))
          .pipe(toArray()),
      );
    await untilHandled(caller, 'who', 2);

    // Broadcast, and multicast.
    expect((await ask('all')).sort()).toEqual(ids);
    await firstValueFrom(caller.client.emit('told', 1));
    await until(() => heard().every((each) => each.join() === '1'));

    // One is gone, and the HTTP side of the other is there as before.
    const [first, second] = servers as [RpcApp, RpcApp];
    await first.close();
    await untilHandled(caller, 'who', 1);
    expect(await ask('any')).toEqual([second.id]);
    expect(await ask('any')).toEqual([second.id]);
    expect(await ask('all')).toEqual([second.id]);

    // Nobody is left: it is said at once, and by the observable.
    await second.close();
    await untilHandled(caller, 'who', 0);
    await expect(ask('any')).rejects.toMatchObject({ code: 'NO_HANDLER' });
    expect(await firstValueFrom(caller.client.emit('told', 2))).toBe(undefined);
    expect(heard()).toEqual([[1], [1]]);
  },
);
