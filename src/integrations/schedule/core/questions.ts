/** A singleton and how often it was taken; the higher term is the newer holder. */
export interface Tenure {
  job: string;
  term: number;
}

/** What a scheduler says of itself. */
export interface Greeting {
  /** Whether it takes part. */
  isReady: boolean;
  /** What it can run. */
  jobs: string[];
  /** The singletons that it runs. */
  holds: Tenure[];
  /** Who went without a word, and whose places nobody has taken. */
  missing: string[];
}

/** How an occurrence ended. */
export interface RunResult {
  /** Ms that it ran. */
  duration: number;
  /** What the method threw, in words. */
  error?: string;
  /** It was not run: the fence refused. */
  isSkipped?: boolean;
}

/** What one scheduler asks or tells another. */
export type Question =
  | ({ ask: 'hello' } & Greeting)
  | { ask: 'bye' }
  /** Will you leave this occurrence to me? */
  | { ask: 'claim'; job: string; occurrence: number }
  /** I could not run what I claimed. */
  | { ask: 'withdraw'; job: string; occurrence: number }
  | { ask: 'finished'; job: string; occurrence: number; result: RunResult }
  /** Will you leave this singleton to me? */
  | ({ ask: 'seize' } & Tenure)
  /** I run this singleton. */
  | ({ ask: 'hold' } & Tenure)
  /** I run this singleton no more. */
  | ({ ask: 'release' } & Tenure)
  | { ask: 'report'; jobs: string[] };

/** To a claim, a seizure and a hold: whose it is, if it is somebody else's. */
export interface Verdict {
  by?: string;
  /** It is certain, and need not be asked of `by`. */
  isOver?: boolean;
  term?: number;
}

export type Answer = Verdict | Greeting | { reports: JobRuns[] };

/** An occurrence that somebody has, or had. */
export interface OccurrenceReport {
  occurrence: number;
  by: string;
  isOver: boolean;
  result?: RunResult | undefined;
}

/** The last occurrences of a job, the newest first. */
export interface JobRuns {
  job: string;
  holder?: string;
  runs: OccurrenceReport[];
}

const MOST_JOBS = 1_000;

/** A question of another peer, or undefined if it makes no sense: a newer version's, or garbage. */
export function readQuestion(body: unknown): Question | undefined {
  if (!isObject(body)) {
    return undefined;
  }
  switch (body['ask']) {
    case 'hello': {
      const greeting = readGreeting(body);
      return greeting && { ask: 'hello', ...greeting };
    }
    case 'bye':
      return { ask: 'bye' };
    case 'claim':
    case 'withdraw':
      return isName(body['job']) && isCount(body['occurrence'])
        ? { ask: body['ask'], job: body['job'], occurrence: body['occurrence'] }
        : undefined;
    case 'finished': {
      const result = readResult(body['result']);
      return isName(body['job']) && isCount(body['occurrence']) && result
        ? {
            ask: 'finished',
            job: body['job'],
            occurrence: body['occurrence'],
            result,
          }
        : undefined;
    }
    case 'seize':
    case 'hold':
    case 'release': {
      const tenure = readTenure(body);
      return tenure && { ask: body['ask'], ...tenure };
    }
    case 'report':
      return isNames(body['jobs'])
        ? { ask: 'report', jobs: body['jobs'] }
        : undefined;
    default:
      return undefined;
  }
}

export function readGreeting(body: unknown): Greeting | undefined {
  if (!isObject(body)) {
    return undefined;
  }
  const { isReady, jobs, holds, missing } = body;
  if (
    typeof isReady !== 'boolean' ||
    !isNames(jobs) ||
    !Array.isArray(holds) ||
    !isNames(missing)
  ) {
    return undefined;
  }
  const tenures = holds.slice(0, MOST_JOBS).map(readTenure);
  return {
    isReady,
    jobs,
    missing,
    holds: tenures.filter((tenure) => tenure !== undefined),
  };
}

export function readVerdict(body: unknown): Verdict {
  const { by, isOver, term } = isObject(body) ? body : {};
  return {
    by: isName(by) ? by : undefined,
    isOver: isOver === true,
    term: isCount(term) ? term : undefined,
  };
}

export function readReports(body: unknown): JobRuns[] {
  const reports = isObject(body) ? body['reports'] : undefined;
  return Array.isArray(reports)
    ? reports.flatMap((report: unknown) => readReport(report) ?? [])
    : [];
}

function readReport(body: unknown): JobRuns | undefined {
  if (!isObject(body) || !isName(body['job']) || !Array.isArray(body['runs'])) {
    return undefined;
  }
  const runs = body['runs'].flatMap((run: unknown) =>
    isObject(run) && isCount(run['occurrence']) && isName(run['by'])
      ? {
          occurrence: run['occurrence'],
          by: run['by'],
          isOver: run['isOver'] === true,
          result: readResult(run['result']),
        }
      : [],
  );
  const holder = isName(body['holder']) ? body['holder'] : undefined;
  return { job: body['job'], holder, runs };
}

function readResult(body: unknown): RunResult | undefined {
  if (!isObject(body) || !isCount(body['duration'])) {
    return undefined;
  }
  const { duration, error, isSkipped } = body;
  return {
    duration,
    error: typeof error === 'string' ? error : undefined,
    isSkipped: isSkipped === true,
  };
}

function readTenure(body: unknown): Tenure | undefined {
  return isObject(body) && isName(body['job']) && isCount(body['term'])
    ? { job: body['job'], term: body['term'] }
    : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

function isNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= MOST_JOBS && value.every(isName)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
