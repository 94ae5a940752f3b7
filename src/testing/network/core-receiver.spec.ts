import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import { coreReceiver, type ReceivingCore } from './core-receiver.js';

const member = { id: 'known' };

const core = (change: Partial<ReceivingCore<typeof member>> = {}) => ({
  admit: (id: string | undefined) =>
    Promise.resolve(id === member.id ? member : undefined),
  receiveJoin: vi.fn().mockResolvedValue({ status: 'rejected' }),
  receiveJoined: vi.fn().mockResolvedValue({ status: 'added' }),
  receiveLeft: vi.fn().mockResolvedValue({ status: 'removed' }),
  receiveUpdate: vi.fn().mockResolvedValue({ status: 'updated' }),
  receiveStatus: vi.fn().mockResolvedValue({ online: true }),
  receiveSync: vi.fn().mockResolvedValue({}),
  ...change,
});

const stranger = { remoteAddress: '10.0.0.9', senderId: 'stranger' };
const known = { remoteAddress: '10.0.0.1', senderId: 'known' };

describe('coreReceiver', () => {
  it.each(['join', 'status'] as const)(
    'lets strangers ask for /%s',
    async (endpoint) => {
      const answer = await coreReceiver(() => core())(endpoint, {}, stranger);
      expect(answer.status).toBe(200);
    },
  );

  it.each(['joined', 'left', 'update', 'sync', 'message'] as const)(
    'refuses /%s from strangers',
    async (endpoint) => {
      const answer = await coreReceiver(() => core())(endpoint, {}, stranger);
      expect(answer).toMatchObject({
        status: 403,
        body: { code: 'UNKNOWN_SENDER' },
      });
    },
  );

  it.each([
    ['joined', 'receiveJoined', { status: 'added' }],
    ['left', 'receiveLeft', { status: 'removed' }],
    ['update', 'receiveUpdate', { status: 'updated' }],
    ['sync', 'receiveSync', {}],
  ] as const)(
    'hands /%s from members to the core',
    async (endpoint, method, body) => {
      const receiver = core();
      const answer = await coreReceiver(() => receiver)(
        endpoint,
        { id: 'x' },
        known,
      );
      expect(answer).toEqual({ status: 200, body });
      expect(receiver[method]).toHaveBeenCalledWith({ id: 'x' }, member);
    },
  );

  it('answers 403 with the code of what the core refuses', async () => {
    const receiver = core({
      receiveUpdate: () =>
        Promise.reject(new PeerCloudError('NOT_YOURS', 'somebody else’s')),
    });
    const answer = await coreReceiver(() => receiver)('update', {}, known);
    expect(answer).toMatchObject({ status: 403, body: { code: 'NOT_YOURS' } });
  });

  it('knows nothing of messages', async () => {
    const answer = await coreReceiver(() => core())('message', {}, known);
    expect(answer.status).toBe(404);
  });
});
