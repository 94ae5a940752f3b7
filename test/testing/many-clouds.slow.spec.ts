import { Injectable, Module } from '@nestjs/common';
import {
  MessagingService,
  OnPeerMessage,
  PeerBody,
  PeerCloudModule,
} from '../../src/index.js';
import { createTestCloud } from '../../src/testing/index.js';
import { MemoryWatch } from '../fuzz/support/memory-watch.js';
import { until } from '../support/until.js';

@Injectable()
class Greeter {
  @OnPeerMessage('greet')
  greet(@PeerBody('name') name: string) {
    return { text: `hello ${name}` };
  }
}

@Module({ imports: [PeerCloudModule.forRoot()], providers: [Greeter] })
class AppModule {}

/** Clouds before memory is looked at: what is compiled and cached by then stays. */
const WARM_UP = 20;
const CLOUDS = 100;
/** Bytes by which a cloud may make the heap grow, on the average: a leaked app has fifty times that. */
const GROWTH = 20_000;

async function useCloud(): Promise<void> {
  await using cloud = await createTestCloud(3, AppModule);
  const results = await cloud
    .get(0, MessagingService)
    .broadcast({ type: 'greet', name: 'Ada' });
  expect(results.map(({ value }) => value)).toEqual(
    Array.from({ length: 2 }, () => ({ text: 'hello Ada' })),
  );
  await cloud.kill(1);
}

it(`${CLOUDS} clouds one after another take no more memory than one`, async () => {
  for (let made = 0; made < WARM_UP; made++) {
    await useCloud();
  }
  const memory = new MemoryWatch();
  memory.begin();
  const started = performance.now();
  const cpu = process.cpuUsage();
  for (let made = 0; made < CLOUDS; made++) {
    await useCloud();
  }
  const { user, system } = process.cpuUsage(cpu);
  const ms = (performance.now() - started) / CLOUDS;
  let growth = Infinity;
  // Timers keep the last few apps for some seconds.
  await until(() => (growth = memory.growth / CLOUDS) < GROWTH, {
    interval: 1000,
    what: () => `a growth of less than ${growth} bytes for each`,
  });
  console.log(
    `a cloud of three, a broadcast, a kill and its end: ${ms.toFixed(0)} ms (${((user + system) / 1000 / CLOUDS).toFixed(0)} ms of the processor); the heap grew by ${(growth / 1000).toFixed(1)} kB for each`,
  );
}, 600_000);
