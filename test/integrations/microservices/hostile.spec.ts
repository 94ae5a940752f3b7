import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, NEVER } from 'rxjs';
import type { JsonValue } from '../../../src/index.js';
import { closePeers, startPeer } from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import { startRpc, untilHandled } from './support/rpc-app.js';

const CHANNEL = 'nestjs-peercloud/microservices';

@Controller()
class Handlers {
  @MessagePattern('echo')
  echo() {
    return 'here';
  }

  @MessagePattern('never')
  never() {
    return NEVER;
  }

  @EventPattern('noted')
  noted(@Payload() _data: unknown) {
    return undefined;
  }
}

afterEach(closePeers);

it('refuses what is no packet, and goes on', async () => {
  const server = await startRpc({ controllers: [Handlers] });
  const other = await startPeer({ options: { peers: [server.address] } });
  const { id } = server;
  await until(() => other.membership.get(id));
  const channel = other.messaging.channel(CHANNEL);
  const bad: JsonValue[] = [
    {},
    { send: 'echo' },
    { send: 'echo', data: 1 },
    { send: 'echo', data: 1, id: -1 },
    { send: 'echo', data: 1, id: 'a' },
    { send: 7, data: 1, id: 1 },
    { send: 'x'.repeat(2000), data: 1, id: 1 },
    { emit: 'noted', data: 1 },
    { emit: 'noted', data: 1, group: 7 },
    { next: 1 },
    { next: 1, wait: -1 },
    { end: null },
    { list: null },
    { list: { start: 'a', version: 1, requests: ['a'], events: ['a'] } },
    { list: { start: 'a', version: 1, requests: [7], events: [] } },
    { list: { start: 'a', version: 'b', requests: [], events: [] } },
    {
      list: {
        start: 'a',
        version: 1,
        requests: Array.from({ length: 10_001 }, () => ''),
        events: [],
      },
    },
  ];
  for (const packet of bad) {
    await expect(channel.send(id, packet)).rejects.toMatchObject({
      code: 'BAD_STATUS',
      status: 400,
    });
  }
  for (const packet of [
    { send: '__proto__', data: 1, id: 1 },
    { send: 'noted', data: 1, id: 1 },
    { emit: 'echo', data: 1, group: '' },
    { emit: 'noted', data: 1, group: 'other' },
    { next: 12, wait: 1 },
  ]) {
    expect(await channel.send(id, packet)).toEqual({ none: true });
  }
  expect(await channel.send(id, { end: 12 })).toEqual({ values: [] });
  expect(await channel.send(id, { send: 'echo', data: 1, id: 1 })).toEqual({
    values: ['here'],
  });
});

it('refuses a second request with the number of one that is under way', async () => {
  const server = await startRpc({ controllers: [Handlers] });
  const other = await startPeer({ options: { peers: [server.address] } });
  await until(() => other.membership.get(server.id));
  const channel = other.messaging.channel(CHANNEL);
  const ending = new AbortController();
  const { signal } = ending;
  const ask = (id: number) =>
    channel.send(server.id, { send: 'never', data: 1, id }, { signal });
  const first = ask(7).catch(() => undefined);
  expect(await ask(7)).toMatchObject({ error: { status: 'error' } });
  ending.abort();
  await first;
});

it('takes no list of patterns from an answer that is none, nor an answer of no kind', async () => {
  const caller = await startRpc();
  const liar = await startPeer({ options: { peers: [caller.address] } });
  let answer: JsonValue = { list: 7 };
  liar.messaging.channel(CHANNEL).handle(() => answer);
  const { id } = liar.membership.self;
  await until(
    () => caller.membership.get(id) && liar.membership.get(caller.id),
  );
  const list = { start: 'a', version: 1, requests: ['echo'], events: [] };
  await liar.messaging.channel(CHANNEL).send(caller.id, { list });
  await untilHandled(caller, 'echo', 1);
  answer = { values: 7 };
  await expect(
    firstValueFrom(caller.client.send('echo', 1)),
  ).rejects.toMatchObject({ code: 'INVALID_REPLY' });
  answer = { none: true };
  await expect(
    firstValueFrom(caller.client.send('echo', 1)),
  ).rejects.toMatchObject({ code: 'NO_HANDLER' });
});
