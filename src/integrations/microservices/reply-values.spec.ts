import { concat, from, NEVER, of, Subject, throwError } from 'rxjs';
import { ReplyTable } from './reply-values.js';

const PEER = 'a';

it('answers what has one value and ends at once', async () => {
  const table = new ReplyTable();
  expect(await table.open(PEER, 1, of('x'))).toEqual({ values: ['x'] });
  expect(await table.next(PEER, 1, 0)).toEqual({ none: true });
});

it('gives what comes, when it is asked for', async () => {
  const table = new ReplyTable();
  const source = new Subject<number>();
  const first = table.open(PEER, 1, source);
  source.next(1);
  expect(await first).toEqual({ values: [1], more: true });
  source.next(2);
  source.next(3);
  expect(await table.next(PEER, 1, 0)).toEqual({ values: [2, 3], more: true });
  expect(await table.next(PEER, 1, 1)).toEqual({ values: [], more: true });
  const last = table.next(PEER, 1, 10_000);
  source.complete();
  expect(await last).toEqual({ values: [] });
});

it('gives values in parts, and then the error', async () => {
  const table = new ReplyTable();
  const texts = Array.from({ length: 5 }, () => 'x'.repeat(100_000));
  const source = concat(
    from(texts),
    throwError(() => ({ code: 7 })),
  );
  expect(await table.open(PEER, 1, source)).toEqual({
    values: texts.slice(0, 2),
    more: true,
  });
  expect(await table.next(PEER, 1, 0)).toMatchObject({ more: true });
  expect(await table.next(PEER, 1, 0)).toEqual({
    values: [texts[0]],
    error: { code: 7 },
  });
});

it('ends what gives more than is taken', async () => {
  const table = new ReplyTable();
  const source = new Subject<number>();
  const first = table.open(PEER, 1, source);
  for (let n = 0; n <= 65_536; n++) {
    source.next(n);
  }
  expect(source.observed).toBe(false);
  expect(await first).toMatchObject({ more: true });
});

it('ends what nobody waits for', async () => {
  const table = new ReplyTable();
  const sources = [1, 2, 3].map(() => new Subject<number>());
  const answers = sources.map((source, id) => table.open(PEER, id, source));
  table.end(PEER, 0);
  table.end(PEER, 9);
  table.end('b', 1);
  expect(sources.map(({ observed }) => observed)).toEqual([false, true, true]);
  table.endAllOf(PEER);
  expect(sources.map(({ observed }) => observed)).toEqual([
    false,
    false,
    false,
  ]);
  expect(await Promise.all(answers)).toEqual(
    sources.map(() => ({ values: [] })),
  );
});

it('refuses a number that is in use, and more than so many', async () => {
  const table = new ReplyTable();
  for (let id = 0; id < 1024; id++) {
    void table.open(PEER, id, NEVER);
  }
  for (const id of [7, 1024]) {
    expect(await table.open(PEER, id, of(1))).toMatchObject({
      error: { status: 'error' },
    });
  }
  expect(await table.open('b', 7, of(1))).toEqual({ values: [1] });
  table.endAll();
});
