import { Controller, Injectable, Logger, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  type CloudJoinedEvent,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from './support/peer-app.js';

/** The decorators as a second copy of the package would have them. */
async function secondCopy(): Promise<{
  OnPeerEvent: typeof OnPeerEvent;
  OnPeerMessage: typeof OnPeerMessage;
}> {
  const folder = '../../../src';
  const [events, messages] = (await Promise.all([
    import(`${folder}/membership/peer-event.explorer.js?copy`),
    import(`${folder}/messaging/handlers/message.decorators.js?copy`),
  ])) as [
    { OnPeerEvent: typeof OnPeerEvent },
    { OnPeerMessage: typeof OnPeerMessage },
  ];
  return { ...events, ...messages };
}

describe('the search for handlers', () => {
  const warn = vi.fn();

  beforeEach(() => {
    warn.mockReset();
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(warn);
  });

  afterEach(async () => {
    await closePeers();
    vi.restoreAllMocks();
  });

  it('finds methods that are decorated by another copy of the package', async () => {
    const copy = await secondCopy();
    expect(copy.OnPeerEvent).not.toBe(OnPeerEvent);
    const heard: string[] = [];

    @Injectable()
    class Handlers {
      @copy.OnPeerEvent('cloud.joined')
      joined({ type }: CloudJoinedEvent): void {
        heard.push(type);
      }

      @copy.OnPeerMessage('who')
      who() {
        return { answer: 'me' };
      }
    }
    const first = await startPeer({ providers: [Handlers] });
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]) && heard.length > 0);
    expect(heard).toEqual(['cloud.joined']);
    const { self } = first.membership;
    expect(await self.send({ type: 'who' })).toEqual({ answer: 'me' });
  });

  it('finds those of a module that is loaded later', async () => {
    const heard: string[] = [];

    @Injectable()
    class Late {
      @OnPeerEvent('peer.joined')
      joined(): void {
        heard.push('joined');
      }

      @OnPeerMessage('late')
      late() {
        return { answer: 'late' };
      }
    }
    @Module({ providers: [Late] })
    class LateModule {}

    const first = await startPeer();
    const { self } = first.membership;
    expect(await self.send({ type: 'late' })).toEqual({});
    const loader = first.app.get(LazyModuleLoader, { strict: false });
    for (const _ of [1, 2]) {
      const moduleRef = await loader.load(() => LateModule);
      expect(moduleRef.get(Late)).toBeInstanceOf(Late);
    }
    expect(await self.send({ type: 'late' })).toEqual({ answer: 'late' });
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]) && heard.length > 0);
    expect(heard).toEqual(['joined']);
  });

  it('puts up with providers of every kind, and names the one that it cannot look into', async () => {
    const strange = {
      'no constructor': Object.create(Object.create(null) as object) as object,
      'no prototype': Object.create(null) as object,
      'odd constructor': Object.create({ constructor: 'x' }) as object,
      'a function': () => undefined,
      'a strict proxy': Object.create(
        new Proxy(class {}.prototype, {
          ownKeys: () => {
            throw new Error('hands off');
          },
        }),
      ) as object,
    };
    const { messaging } = await startPeer({
      providers: Object.entries(strange).map(([provide, value]) => ({
        provide,
        useFactory: () => value,
      })),
    });
    expect(messaging).toBeInstanceOf(MessagingService);
    expect(warn.mock.calls.flat()).toContainEqual(
      expect.stringMatching(/a strict proxy.*hands off/),
    );
  });

  it('says which class is a provider and a controller as well', async () => {
    @Controller()
    class Both {
      @OnPeerMessage('x')
      x() {}
    }
    await expect(
      startPeer({ providers: [Both], controllers: [Both] }),
    ).rejects.toThrow(
      /Both\.x: the class is in the providers of \w+ and in the controllers of \w+.*Take it out of one/,
    );

    @Controller()
    class Twice {
      @OnPeerEvent('peer.joined')
      joined() {}
    }
    await startPeer({ providers: [Twice], controllers: [Twice] });
    expect(warn.mock.calls.flat()).toContainEqual(
      expect.stringMatching(/^Twice hears each of its events twice: /),
    );
  });
});
