import { Injectable, Module } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  OptionsError,
  PEER_CLOUD_OPTIONS,
  PeerCloudModule,
  type PeerCloudOptions,
  type PeerCloudOptionsFactory,
  type ResolvedPeerCloudOptions,
} from '../../../src/index.js';
import {
  appPort,
  closePeers,
  QUICK,
  startPeer,
  type PeerApp,
} from './support/peer-app.js';

afterEach(closePeers);

@Injectable()
class Settings {
  readonly name = 'from settings';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class SettingsFactory implements PeerCloudOptionsFactory {
  createPeerCloudOptions(): PeerCloudOptions {
    return { ...QUICK, data: { name: 'from settings' } };
  }
}

@Module({ providers: [SettingsFactory], exports: [SettingsFactory] })
class FactoryModule {}

function nameOf({ app }: PeerApp): unknown {
  const options = app.get<ResolvedPeerCloudOptions>(PEER_CLOUD_OPTIONS, {
    strict: false,
  });
  return options.data.name;
}

describe('the forms of PeerCloudModule', () => {
  it.each([
    ['forRoot', PeerCloudModule.forRoot({ data: { name: 'from settings' } })],
    [
      'forRootAsync with useFactory, imports and inject',
      PeerCloudModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async (settings: Settings) =>
          Promise.resolve({ data: { name: settings.name } }),
      }),
    ],
    [
      'forRootAsync with useClass',
      PeerCloudModule.forRootAsync({ useClass: SettingsFactory }),
    ],
    [
      'forRootAsync with useExisting',
      PeerCloudModule.forRootAsync({
        imports: [FactoryModule],
        useExisting: SettingsFactory,
      }),
    ],
  ])('%s', async (_, module) => {
    const peer = await startPeer({ module });
    expect(nameOf(peer)).toBe('from settings');
    expect(peer.port).toBe(appPort(peer));
  });

  it('needs no options at all', async () => {
    const peer = await startPeer({ module: PeerCloudModule.forRoot() });
    await peer.membership.whenJoined();
    expect(peer.membership.peers()).toEqual([]);
    expect(peer.membership.isJoined).toBe(false);
  });

  it.each([
    ['forRoot', PeerCloudModule.forRoot({ isGlobal: true })],
    [
      'forRootAsync',
      PeerCloudModule.forRootAsync({ isGlobal: true, useFactory: () => ({}) }),
    ],
  ])('is global on request: %s', async (_, module) => {
    @Injectable()
    class Elsewhere {
      constructor(
        readonly membership: MembershipService,
        readonly messaging: MessagingService,
      ) {}
    }
    @Module({ providers: [Elsewhere] })
    class FeatureModule {}
    const peer = await startPeer({ module, imports: [FeatureModule] });
    const elsewhere = peer.app.get(Elsewhere, { strict: false });
    expect(elsewhere.membership).toBe(peer.membership);
    expect(elsewhere.messaging).toBe(peer.messaging);
  });
});

describe('where the protocol is answered', () => {
  const listener = { port: 0, host: '127.0.0.1' };

  async function status(port: number): Promise<number> {
    const url = `http://127.0.0.1:${port}/status`;
    return (await fetch(url, { method: 'POST' })).status;
  }

  it.each([
    ['forRoot', PeerCloudModule.forRoot({ listener })],
    [
      'forRootAsync',
      PeerCloudModule.forRootAsync({
        mount: false,
        useFactory: () => ({ listener }),
      }),
    ],
  ])('the own listener keeps it off the app: %s', async (_, module) => {
    const peer = await startPeer({ module, place: 'own listener' });
    expect(await status(peer.port)).toBe(200);
    expect(await status(appPort(peer))).toBe(404);
  });

  it.each<[string, () => ReturnType<typeof PeerCloudModule.forRoot>, string]>([
    [
      'a factory that returns a listener beside routes in the app',
      () => PeerCloudModule.forRootAsync({ useFactory: () => ({ listener }) }),
      'mount: false',
    ],
    [
      'mount: true beside a listener',
      () => PeerCloudModule.forRoot({ listener, mount: true }),
      'mount: false',
    ],
    [
      'mount: false without a listener',
      () => PeerCloudModule.forRoot({ mount: false }),
      'port of its own',
    ],
  ])('refuses %s', async (_, module, text) => {
    const start = startPeer({ module: module(), place: 'own listener' });
    await expect(start).rejects.toThrow(OptionsError);
    await expect(start).rejects.toThrow(/^listener: .*/);
    await expect(start).rejects.toThrow(text);
  });
});

describe('wrong use', () => {
  it('is refused at start-up in both forms', async () => {
    const options = { peers: ['a', 'b', 'localhost:99999'] };
    const message = 'peers[2]: "localhost:99999": port must be 0 to 65535';
    await expect(
      startPeer({ module: PeerCloudModule.forRoot(options) }),
    ).rejects.toThrow(message);
    await expect(
      startPeer({
        module: PeerCloudModule.forRootAsync({ useFactory: () => options }),
      }),
    ).rejects.toThrow(message);
  });

  it('a second import with options of its own is refused', async () => {
    @Module({ imports: [PeerCloudModule.forRoot({ data: { n: 2 } })] })
    class SecondModule {}
    const start = startPeer({ imports: [SecondModule] });
    await expect(start).rejects.toThrow('imported more than once');
  });

  it('an import without forRoot is refused', async () => {
    const module = { module: PeerCloudModule };
    await expect(startPeer({ module })).rejects.toThrow(
      'write PeerCloudModule.forRoot({ … })',
    );
  });

  it('a port that is taken is refused with what to do', async () => {
    const first = await startPeer({ place: 'own listener' });
    const second = startPeer({ place: 'own listener', port: first.port });
    await expect(second).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    await expect(second).rejects.toThrow(
      `127.0.0.1:${first.port}: listen EADDRINUSE`,
    );
  });
});
