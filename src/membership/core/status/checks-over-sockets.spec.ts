import type { JsonObject } from '../../../wire/json.js';
import { addFake, makeCloud } from '../testing-support/checked-cloud.js';

/** What a socket makes of a question. */
type Answer = (
  pause: (ms: number) => Promise<void>,
) => Promise<JsonObject | undefined>;

const STATUS = { id: 'b', online: true };
const NEVER: Answer = () => new Promise(() => undefined);

/** A check of `b` by `a`: over a socket, where it has one, and by `/status`, which `b` may not answer. */
async function checkOver(answer?: Answer, mute = false) {
  const { cloud, a, check } = await makeCloud([]);
  const b = await addFake(cloud, a, 'b');
  b.mute = mute;
  let questions = 0;
  if (answer) {
    a.core.askOver({
      ask: () => {
        questions++;
        return answer((ms) => cloud.pause(ms));
      },
    });
  }
  const before = cloud.to('b', 'status').length;
  const start = cloud.clock.monotonic();
  const { online } = await check('b');
  return {
    online,
    ms: cloud.clock.monotonic() - start,
    questions,
    requests: cloud.to('b', 'status').length - before,
  };
}

describe('a check over a socket', () => {
  it('needs no request', async () => {
    const found = await checkOver(async (pause) => {
      await pause(5);
      return STATUS;
    });
    expect(found).toMatchObject({ online: true, questions: 1, requests: 0 });
  });

  it.each<[string, Answer]>([
    ['breaks', () => Promise.resolve(undefined)],
    ['says nothing', NEVER],
    [
      'breaks after it was given up',
      async (pause) => {
        await pause(100);
        return undefined;
      },
    ],
  ])('that %s is a request as well', async (_, answer) => {
    const found = await checkOver(answer);
    expect(found).toMatchObject({ online: true, questions: 1, requests: 1 });
  });

  it('counts also where it is answered after the request', async () => {
    const late: Answer = async (pause) => {
      await pause(150);
      return STATUS;
    };
    const found = await checkOver(late, true);
    expect(found).toMatchObject({ online: true, questions: 1, requests: 1 });
  });

  it('that nobody answers takes no longer than one by requests alone, and is one the first time only', async () => {
    const over = await checkOver(NEVER, true);
    const without = await checkOver(undefined, true);
    expect(over).toEqual({ ...without, questions: 1 });
    expect(over.online).toBe(false);
  });

  it('is one of the peer that answers at the address now', async () => {
    const found = await checkOver(async () => ({ ...STATUS, id: 'c' }));
    expect(found).toMatchObject({ online: false, requests: 0 });
  });
});
