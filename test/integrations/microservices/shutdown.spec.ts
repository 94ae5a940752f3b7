import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { PeerCloudServer } from '../../../src/integrations/microservices/index.js';
import { closePeers } from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import { startRpcCloud, untilHandled } from './support/rpc-app.js';

let answer: ((value: string) => void) | undefined;

@Controller()
class Slow {
  @MessagePattern('slow')
  slow() {
    return new Promise<string>((resolve) => (answer = resolve));
  }
}

afterEach(async () => {
  answer = undefined;
  await closePeers();
});

it('an app that closes gets no more requests, and answers those that it has', async () => {
  const [caller, server] = await startRpcCloud({}, { controllers: [Slow] });
  await untilHandled(caller, 'slow', 1);
  const reply = firstValueFrom(caller.client.send('slow', {}));
  await until(() => answer);
  const closed = server!.close();
  await untilHandled(caller, 'slow', 0);
  await expect(
    firstValueFrom(caller.client.send('slow', {})),
  ).rejects.toMatchObject({ code: 'NO_HANDLER' });
  answer!('done');
  expect(await reply).toBe('done');
  await closed;
});

it('a server that closes alone leaves its peer in the cloud, and can listen again', async () => {
  const [caller, server] = await startRpcCloud({}, { controllers: [Slow] });
  await untilHandled(caller, 'slow', 1);
  const strategy = server!.app.get(PeerCloudServer, { strict: false });
  strategy.close();
  await untilHandled(caller, 'slow', 0);
  expect(caller.membership.get(server!.id)).toBeDefined();
  strategy.listen(() => undefined);
  await untilHandled(caller, 'slow', 1);
  const reply = firstValueFrom(caller.client.send('slow', {}));
  (await until(() => answer))('here');
  expect(await reply).toBe('here');
});
