import { streamMember } from '../../../../test/support/stream-fixture.js';
import { NoStreamPlaceError, StreamRefusedError } from './stream-dialer.js';
import type { OpenSocket } from '../framing/index.js';
import { StreamOpenings, MAX_OPENINGS } from './stream-openings.js';

const TIMEOUT = 2000;

describe('StreamOpenings', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** Openings that end when the test says so. */
  function setUp() {
    const under: ((error?: Error) => void)[] = [];
    const opener = () =>
      new Promise<OpenSocket>((resolve, reject) =>
        under.push((error) =>
          error ? reject(error) : resolve({} as OpenSocket),
        ),
      );
    const openings = new StreamOpenings(opener, TIMEOUT);
    const outcomes: string[] = [];
    const open = (count: number) => {
      for (let n = 0; n < count; n++) {
        openings.open(streamMember()).then(
          () => outcomes.push('opened'),
          (error: Error) => outcomes.push(error.constructor.name),
        );
      }
    };
    const settle = () => vi.advanceTimersByTimeAsync(0);
    return { openings, open, under, outcomes, settle };
  }

  it('opens so many at the same time, and the next when one has ended, well or not', async () => {
    const { open, under, outcomes, settle } = setUp();
    open(MAX_OPENINGS + 2);
    await settle();
    expect(under).toHaveLength(MAX_OPENINGS);
    under[0]!();
    under[1]!(new StreamRefusedError(503, false));
    await settle();
    expect(under).toHaveLength(MAX_OPENINGS + 2);
    expect(outcomes).toEqual(['opened', StreamRefusedError.name]);
  });

  it('refuses a place to what has waited for as long as an opening may take, and never opens it', async () => {
    const { open, under, outcomes, settle } = setUp();
    open(MAX_OPENINGS + 1);
    await vi.advanceTimersByTimeAsync(TIMEOUT - 1);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcomes).toEqual([NoStreamPlaceError.name]);
    under[0]!();
    await settle();
    expect(under).toHaveLength(MAX_OPENINGS);
    open(1);
    await settle();
    expect(under).toHaveLength(MAX_OPENINGS + 1);
  });

  it('opens nothing after it is closed', async () => {
    const { openings, open, under, outcomes, settle } = setUp();
    open(MAX_OPENINGS + 1);
    openings.close();
    under[0]!();
    await settle();
    expect(under).toHaveLength(MAX_OPENINGS);
    expect(outcomes.sort()).toEqual([NoStreamPlaceError.name, 'opened']);
  });
});
