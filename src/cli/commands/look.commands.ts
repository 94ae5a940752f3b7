import type { Command, Session } from '../command.js';
import { addressOf, askMembers, callingOf, type Member } from '../members.js';
import { clean, type Cell, type Colour } from '../text.js';

/** A job as the peer that is asked knows it. */
interface Job {
  name: string;
  kind: string;
  owner?: string;
  runs: { occurrence: string; state: string; duration?: number }[];
}

/** What has happened, as it is told. */
interface CloudEvent {
  at: string;
  type: string;
  peer?: Member;
  reason?: string;
  job?: string;
  duration?: number;
  error?: string;
  from?: string;
}

export const members: Command = {
  name: 'members',
  words: [],
  summary: 'who is in the cloud, as the peer that is asked sees it',
  options: {},
  connects: true,
  run: (session) =>
    session.observe(async (observer) => {
      const list = await askMembers(observer);
      if (session.isJson) {
        session.printJson(list);
      } else {
        printMembers(session, list.members);
      }
      return 0;
    }),
};

export const jobs: Command = {
  name: 'jobs',
  words: [],
  summary: 'jobs and singletons, their owners and last runs',
  options: {},
  connects: true,
  run: (session) =>
    session.observe(async (observer) => {
      const answer = await observer.ask<{ jobs: Job[] }>({ ask: 'jobs' });
      if (session.isJson) {
        session.printJson(answer);
        return 0;
      }
      const list = await askMembers(observer);
      printJobs(session, answer.jobs, list.members);
      return 0;
    }),
};

export const owner: Command = {
  name: 'owner',
  words: ['<key>'],
  summary: 'which peer owns a key',
  options: {},
  connects: true,
  run: (session) =>
    session.observe(async (observer) => {
      const key = session.words[0]!;
      const { owner } = await observer.ask<{ owner: Member }>({
        ask: 'owner',
        key,
      });
      if (session.isJson) {
        session.printJson({ key, owner });
      } else {
        const { name } = owner.data;
        const text = callingOf({
          id: owner.id,
          ...(typeof name === 'string' && { name }),
        });
        session.print(clean(text));
      }
      return 0;
    }),
};

export const watch: Command = {
  name: 'watch',
  words: [],
  summary: 'events of the cloud and of its jobs, as they happen',
  options: {
    count: { value: 'n', help: 'end after so many events' },
  },
  connects: true,
  run: async (session) => {
    const max = session.options.number('count', Infinity, 1, 1e9);
    return session.observe(async (observer) => {
      let count = 0;
      const question = { ask: 'events' };
      const missed = (many: number) =>
        session.note(`${many} events came too fast and are not shown`);
      for await (const event of observer.feed(question, missed)) {
        if (session.isJson) {
          session.printJson(event);
        } else {
          printEvent(session, event as unknown as CloudEvent);
        }
        if (++count >= max) {
          return 0;
        }
      }
      session.note('the peer that was asked shuts down');
      return 1;
    });
  },
};

function printMembers(session: Session, all: readonly Member[]): void {
  const now = Date.now();
  session.printTable<Member>(
    [
      { head: 'NAME', cell: ({ name = '' }) => ({ text: name }) },
      { head: 'ID', gives: 1, cell: ({ id }) => ({ text: id }) },
      { head: 'ADDRESS', cell: (member) => ({ text: addressOf(member) }) },
      {
        head: 'STATE',
        cell: ({ state }) => ({ text: state, colour: colourOf(state) }),
      },
      {
        head: 'FOR',
        cell: ({ since }) => ({ text: ageOf(now - Date.parse(since)) }),
      },
      {
        head: 'PACKAGE',
        cell: ({ report }) => ({ text: report?.version ?? '' }),
      },
      {
        head: 'APP',
        cell: ({ report }) => ({ text: report?.appVersion ?? '' }),
      },
      {
        head: 'ROUND TRIP',
        cell: ({ roundTrip }) => ({
          text: roundTrip ? `${roundTrip.p50.toFixed(1)} ms` : '',
        }),
      },
      { head: 'OUT/S', cell: ({ report }) => rateOf(report?.rates.sent) },
      { head: 'IN/S', cell: ({ report }) => rateOf(report?.rates.received) },
      {
        head: 'DATA',
        gives: 2,
        cell: (member) => ({ text: dataOf(member), colour: 'dim' }),
      },
    ],
    all,
  );
}

function rateOf(messages: number | undefined): Cell {
  return { text: messages === undefined ? '' : messages.toFixed(0) };
}

/** Its data without the name, which has a column. */
function dataOf({ data }: Member): string {
  const { name: _name, ...rest } = data;
  return Object.keys(rest).length === 0 ? '' : JSON.stringify(rest);
}

function printJobs(
  session: Session,
  all: readonly Job[],
  members: readonly Member[],
): void {
  const nameOf = (id: string | undefined) => {
    const member = members.find((each) => each.id === id);
    return member ? callingOf(member) : (id ?? 'nobody');
  };
  session.printTable<Job>(
    [
      { head: 'JOB', cell: ({ name }) => ({ text: name }) },
      { head: 'KIND', cell: ({ kind }) => ({ text: kind }) },
      {
        head: 'OWNER',
        gives: 1,
        cell: ({ owner }) => ({ text: nameOf(owner) }),
      },
      {
        head: 'LAST RUN',
        cell: ({ runs: [last] }) => ({ text: last?.occurrence ?? '' }),
      },
      {
        head: 'STATE',
        cell: ({ runs: [last] }) => ({
          text: last?.state ?? '',
          colour: colourOf(last?.state),
        }),
      },
      {
        head: 'TOOK',
        cell: ({ runs: [last] }) => ({
          text:
            last?.duration === undefined
              ? ''
              : `${Math.round(last.duration)} ms`,
        }),
      },
    ],
    all,
  );
}

function printEvent(session: Session, event: CloudEvent): void {
  const { at, type, peer, reason, job, duration, error, from } = event;
  const who = peer
    ? `${callingOf(named(peer))} at ${addressOf(peer)}`
    : (job ?? '');
  const details = [
    reason,
    from && `from ${from}`,
    error && `failed: ${error}`,
    duration !== undefined && `after ${Math.round(duration)} ms`,
  ].filter(Boolean);
  const text = [who, ...details].join(', ');
  const time = session.painter.paint(timeOf(at), 'dim');
  const what = session.painter.paint(type.padEnd(14), colourOf(type));
  session.print(`${time} ${what} ${clean(text)}`.trimEnd());
}

function named(peer: Member): Member {
  const { name } = peer.data;
  return typeof name === 'string' ? { ...peer, name } : peer;
}

/** The time of day here. */
function timeOf(at: string): string {
  return new Date(at).toTimeString().slice(0, 8);
}

function colourOf(word: string | undefined): Colour | undefined {
  switch (word) {
    case 'alive':
    case 'done':
    case 'peer.joined':
    case 'peer.recovered':
      return 'green';
    case 'suspect':
    case 'running':
    case 'skipped':
    case 'peer.suspected':
      return 'yellow';
    case 'failed':
    case 'lost':
    case 'peer.left':
    case 'cloud.left':
      return 'red';
    default:
      return undefined;
  }
}

/** `42 s`, `5 min`, `3 h`, `12 d` */
function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min`;
  }
  return seconds < 86_400
    ? `${Math.floor(seconds / 3600)} h`
    : `${Math.floor(seconds / 86_400)} d`;
}
