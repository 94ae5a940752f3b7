/** The message that every contender sends and gets back. */
export interface EchoBody {
  type: 'echo';
  n: number;
  text: string;
}

const FIRST_NUMBER = 100_000;
const NUMBERS = 900_000;

/**
 * Returns a maker of bodies whose JSON has exactly that many bytes (60 at least make sense).
 * Numbers count up with six digits, so that each reply can be told from the others.
 */
export function bodyMaker(bytes: number): () => EchoBody {
  const frame = JSON.stringify({ type: 'echo', n: FIRST_NUMBER, text: '' });
  const text = 'abcdefghij'
    .repeat(Math.ceil(bytes / 10))
    .slice(0, Math.max(0, bytes - frame.length));
  let count = 0;
  return () => ({
    type: 'echo',
    n: FIRST_NUMBER + (count++ % NUMBERS),
    text,
  });
}

/** True for a reply that is the echo of that body. */
export function isEcho(reply: unknown, body: EchoBody): boolean {
  const echo = reply as Partial<EchoBody> | null | undefined;
  return echo?.n === body.n && echo.text?.length === body.text.length;
}
