import { Module } from '@nestjs/common';
import { PeerCloudModule } from '../../src/index.js';
import {
  createTestCloud,
  TestCloudError,
  type TestCloudOptions,
} from '../../src/testing/index.js';

@Module({ imports: [PeerCloudModule.forRoot()] })
class AppModule {}

@Module({})
class Lonely {}

describe('what a test cloud says of', () => {
  it.each<[string, unknown, RegExp]>([
    ['no number', undefined, /^count: .*whole number from 1 to 200/],
    ['no app', 0, /^count: 0: .*from 1 to 200/],
    ['too many', 201, /^count: 201/],
    ['half an app', 1.5, /^count: 1.5/],
  ])('a count that is %s', async (_, count, message) => {
    await expect(createTestCloud(count as number, AppModule)).rejects.toThrow(
      message,
    );
  });

  it.each<[string, object, RegExp]>([
    ['an unknown option', { clocks: 1 }, /^options\.clocks.*no such option/],
    ['a wrong clock', { clock: 'real' }, /^options\.clock.*"machine", "virt/],
    ['a wrong seed', { seed: -1 }, /^options\.seed: -1: .*whole number/],
    ['no function', { configure: 1 }, /^options\.configure: 1: .*function/],
    ['no function', { createApp: {} }, /^options\.createApp.*function/],
    [
      'a builder that is not returned',
      { configure: () => undefined },
      /^options\.configure.*must return the builder/,
    ],
    [
      'options of the network',
      { peerCloud: { peers: [] } },
      /^options\.peerCloud\.peers.*leave it out/,
    ],
    ['a wrong option of the peer', { peerCloud: { idd: 1 } }, /^idd/],
  ])('%s: %o', async (_, options, message) => {
    const cloud = createTestCloud(1, AppModule, options as TestCloudOptions);
    await expect(cloud).rejects.toThrow(message);
  });

  it('a module that is none', async () => {
    await expect(createTestCloud(1, 'app' as never)).rejects.toThrow(
      /^module: "app": must be the root module/,
    );
  });

  it('an app that is no peer', async () => {
    await expect(createTestCloud(1, Lonely)).rejects.toMatchObject({
      code: 'NO_PEER_CLOUD',
      message: expect.stringMatching(/PeerCloudModule\.forRoot.*\(seed \d+\)/),
    });
  });

  it('apps with the same id', async () => {
    const peerCloud = { id: 'me' };
    await expect(
      createTestCloud(2, AppModule, { peerCloud }),
    ).rejects.toMatchObject({
      code: 'SAME_ID',
      message: expect.stringContaining('the apps 0 and 1 have the same id'),
    });
  });

  it('indexes, times and shares that are none', async () => {
    await using cloud = await createTestCloud(2, AppModule);
    const noApp = { name: 'TestCloudError', code: 'NO_SUCH_APP' };
    expect(() => cloud.stall(2)).toThrow(/no app 2: .*has 2, from 0 \(seed/);
    expect(() => cloud.get(-1, 'x')).toThrow(TestCloudError);
    expect(() => cloud.partition([0, 7])).toThrow(/no app 7/);
    expect(() => cloud.latency(-1)).toThrow(/^latency: -1/);
    expect(() => cloud.latency(undefined as never)).toThrow(/^latency/);
    expect(() => cloud.loss(1.5)).toThrow(/^loss: 1.5: .*0 to 1/);
    expect(() => cloud.advance('1' as never)).toThrow(/^ms: "1"/);
    await expect(cloud.add(199)).rejects.toThrow(/^count: 199/);
    await cloud.kill(1);
    await expect(cloud.kill(1)).rejects.toMatchObject({
      ...noApp,
      message: expect.stringContaining('restart(1) starts it again'),
    });
  });

  it('what does not come', async () => {
    await using cloud = await createTestCloud(2, AppModule);
    cloud.partition(0);
    const { seed } = cloud;
    await expect(cloud.settled({ timeout: 100 })).rejects.toMatchObject({
      code: 'NOT_IN_TIME',
      message: `the cloud has not settled within 100 ms of its time: app 0 lists 1; app 1 lists 0 (seed ${seed})`,
    });
    await expect(
      cloud.until(() => cloud.apps.length > 2, { timeout: 100 }),
    ).rejects.toMatchObject({
      code: 'NOT_IN_TIME',
      message: expect.stringContaining('cloud.apps.length > 2'),
    });
  });
});
