import { Observable, Subject } from 'rxjs';
import type { Peer, PeerCloudEvent } from '../../index.js';
import type { JobEvent } from '../schedule/index.js';
import type { ConsoleEvent } from './console.types.js';

/** Lines that are kept for who comes later. */
const KEPT = 200;

/** The last events of the cloud as this peer saw them, and the next ones as they come. */
export class EventJournal {
  readonly #kept: ConsoleEvent[] = [];
  readonly #new = new Subject<ConsoleEvent>();
  #number = 0;

  /** What is kept, then what comes, from the number on that follows `after`. */
  stream(after: number): Observable<ConsoleEvent> {
    return new Observable((subscriber) => {
      for (const event of this.#kept) {
        if (event.number > after) {
          subscriber.next(event);
        }
      }
      return this.#new.subscribe(subscriber);
    });
  }

  add(event: PeerCloudEvent | JobEvent): void {
    const line = {
      number: ++this.#number,
      at: new Date(),
      type: event.type,
      text: describe(event),
    };
    this.#kept.push(line);
    if (this.#kept.length > KEPT) {
      this.#kept.shift();
    }
    this.#new.next(line);
  }

  end(): void {
    this.#new.complete();
  }
}

function describe(event: PeerCloudEvent | JobEvent): string {
  switch (event.type) {
    case 'cloud.joined':
      return 'member of a cloud';
    case 'cloud.left':
      return 'in no cloud with others any more';
    case 'peer.left':
      return `${nameOf(event.peer)}: ${event.reason}`;
    case 'job.finished':
      return `${event.job}: ${event.error === undefined ? 'done' : 'failed'} after ${Math.round(event.duration)} ms`;
    case 'job.taken-over':
      return `${event.job}: taken over from ${event.from}`;
    case 'job.skipped':
      return `${event.job}: ${event.reason}`;
    case 'job.started':
      return event.job;
    default:
      return nameOf(event.peer);
  }
}

/** What the console calls a member. */
export function nameOf({ data, id }: Pick<Peer, 'data' | 'id'>): string {
  return typeof data.name === 'string' ? `${data.name} (${id})` : id;
}
