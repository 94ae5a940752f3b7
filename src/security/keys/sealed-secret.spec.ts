import { sealSecret, SecretReceiver } from './sealed-secret.js';

const PRESENT = 'the secret that both have at present';
const NEXT = 'the secret that comes after it, as long';

describe('a sealed secret', () => {
  it('is opened by its receiver, and has nothing of it in sight', () => {
    const receiver = new SecretReceiver();
    const sealed = sealSecret(NEXT, PRESENT, receiver.key)!;
    expect(receiver.open(sealed, PRESENT)).toBe(NEXT);
    expect(Buffer.from(sealed.box, 'base64url').toString()).not.toContain(
      'secret',
    );
  });

  it('is opened neither with the present secret alone nor without it', () => {
    const receiver = new SecretReceiver();
    const sealed = sealSecret(NEXT, PRESENT, receiver.key)!;
    expect(new SecretReceiver().open(sealed, PRESENT)).toBeUndefined();
    expect(receiver.open(sealed, 'another secret')).toBeUndefined();
  });

  it.each([
    ['one bit is changed', (box: Buffer) => ((box[20]! ^= 1), box)],
    ['it is cut', (box: Buffer) => box.subarray(0, -1)],
    ['it is empty', () => Buffer.alloc(0)],
  ])('is refused where %s', (_what, change) => {
    const receiver = new SecretReceiver();
    const { from, box } = sealSecret(NEXT, PRESENT, receiver.key)!;
    const changed = change(Buffer.from(box, 'base64url'));
    const sealed = { from, box: changed.toString('base64url') };
    expect(receiver.open(sealed, PRESENT)).toBeUndefined();
  });

  it('needs keys that are keys', () => {
    const zero = Buffer.alloc(32).toString('base64url');
    const receiver = new SecretReceiver();
    const { box } = sealSecret(NEXT, PRESENT, receiver.key)!;
    for (const key of ['', 'no key', zero]) {
      expect(sealSecret(NEXT, PRESENT, key)).toBeUndefined();
      expect(receiver.open({ from: key, box }, PRESENT)).toBeUndefined();
    }
  });
});
