import { resolveMessagingOptions } from './messaging.options.js';

describe('messaging options', () => {
  it('have defaults', () => {
    expect(resolveMessagingOptions(undefined, 'messaging')).toEqual({
      broadcastConcurrency: 512,
      inheritAppConfig: false,
      stream: {
        maxStreams: 512,
        maxInFlight: 2048,
        maxQueuedBytes: 8_388_608,
        openTimeout: 2000,
        idleTimeout: 60_000,
        heartbeatInterval: 30_000,
      },
    });
    expect(resolveMessagingOptions({ stream: false }, 'm').stream).toBe(false);
  });

  it.each([
    [{ broadcastConcurrency: 0 }, 'messaging.broadcastConcurrency: 0:'],
    [{ stream: true }, 'messaging.stream: true:'],
    [{ stream: { maxStreams: 1.5 } }, 'messaging.stream.maxStreams: 1.5:'],
    [
      { stream: { idle: 1 } },
      'messaging.stream.idle: 1: there is no such option',
    ],
    [{ inheritAppConfig: 'yes' }, 'messaging.inheritAppConfig: "yes":'],
  ])('refuses %j', (input, message) => {
    expect(() => resolveMessagingOptions(input, 'messaging')).toThrow(message);
  });
});
