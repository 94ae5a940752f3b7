import { ChildPeer, type PeerKind } from './child-peers.js';
import { HOST_NAME, type Host } from './host.js';
import { type Chat, dataOf, type Hello, type Members } from './messages.js';
import { duration, heading, line, paint, table } from './screen.js';
import { waitFor } from './wait-for.js';

const CAST: readonly [PeerKind, string][] = [
  ['nest', 'shop-1'],
  ['nest', 'shop-2'],
  ['nest', 'shop-3'],
  ['standalone', 'till'],
  ['original', 'grandpa'],
];

/** Ms that a step may take on a slow machine before the demo has failed. */
const PATIENCE = 60_000;

/** Ms that a peer gets for its goodbye. */
const GOODBYE = 10_000;

/** The demo, step by step. Each step rejects if what it shows does not happen. */
export class Show {
  readonly #peers: ChildPeer[] = [];

  readonly #host: Host;
  readonly #onFailure: (error: Error) => void;

  constructor(host: Host, onFailure: (error: Error) => void) {
    this.#host = host;
    this.#onFailure = onFailure;
  }

  async gather(): Promise<void> {
    heading(`Five processes join the cloud of this one`);
    const { port } = this.#host.membership.self;
    for (const [kind, name] of CAST) {
      this.#peers.push(
        await ChildPeer.start(kind, name, port, this.#onFailure),
      );
    }
    await this.#everyoneSees(CAST.map(([, name]) => name));
    line('every peer has every other on its list');
    line(`in a browser: ${paint('cyan', this.#host.url)}`);
  }

  showMembers(): void {
    heading('The members, as this process sees them');
    const { self } = this.#host.membership;
    table(
      ['name', 'what it is', 'address', 'id', 'extensions'],
      [self, ...this.#host.membership.peers()].map((peer) => [
        dataOf(peer).name,
        dataOf(peer).kind,
        `${peer.ip || '127.0.0.1'}:${peer.port}`,
        `${peer.id.slice(0, 8)}…`,
        peer.features.join(' ') || '(none)',
      ]),
    );
  }

  async greet(): Promise<void> {
    heading('A broadcast, and each reply when it comes');
    await this.broadcast({ type: 'hello', from: HOST_NAME });
  }

  /** Prints each reply with its time; rejects if a peer does not reply. */
  async broadcast(body: Hello | Chat): Promise<void> {
    const started = performance.now();
    let replies = 0;
    const failures: Error[] = [];
    for await (const result of this.#host.messaging.broadcast<{
      text?: string;
    }>(body)) {
      const time = duration(performance.now() - started).padStart(9);
      const name = dataOf(result.peer).name.padEnd(8);
      if (result.error) {
        failures.push(result.error);
        line(`${time}  ${name} ${paint('red', result.error.message)}`);
      } else {
        replies++;
        line(`${time}  ${name} ${result.value.text ?? '(no text)'}`);
      }
    }
    line(`${replies} replies in ${duration(performance.now() - started)}`);
    if (failures.length > 0) {
      throw new AggregateError(failures, `${failures.length} did not reply`);
    }
  }

  /** The one that has a job to do dies, and another one does it. */
  async crash(): Promise<void> {
    heading('The shop that takes stock each second dies without a word');
    const owner = await this.#jobOwner((name) => name !== undefined);
    const index = this.#peers.findIndex(({ name }) => name === owner);
    const [victim] = this.#peers.splice(index, 1);
    const started = performance.now();
    await victim!.kill();
    line(`${paint('yellow', 'SIGKILL')} ${owner} (process ${victim!.pid})`);
    const survivors = this.#peers.map(({ name }) => name);
    await waitFor(
      () => sameNames(this.#namesHere(), survivors),
      PATIENCE,
      () => `${owner} is still on the list: ${this.#namesHere().join(', ')}`,
    );
    line(`noticed here after ${duration(performance.now() - started)}`);
    await this.#everyoneSees(survivors);
    line(`and by everybody after ${duration(performance.now() - started)}`);
    const heir = await this.#jobOwner(
      (name) => name !== undefined && name !== owner,
    );
    line(
      `${heir} takes stock now, after ${duration(performance.now() - started)}`,
    );
  }

  async #jobOwner(
    isRight: (name: string | undefined) => boolean,
  ): Promise<string> {
    let owner: string | undefined;
    await waitFor(
      async () => isRight((owner = await this.#host.jobOwner())),
      PATIENCE,
      () => `the job has the owner ${owner}`,
    );
    return owner!;
  }

  /** Everybody says goodbye, the show last. */
  async end(): Promise<void> {
    await Promise.all(this.#peers.splice(0).map((peer) => peer.leave(GOODBYE)));
    await this.#host.close();
  }

  /** Waits until every peer's own list has exactly the others: it is asked for it. */
  async #everyoneSees(names: readonly string[]): Promise<void> {
    const everyone = [HOST_NAME, ...names];
    let seen = 'nothing yet';
    await waitFor(
      async () => {
        const body: Members = { type: 'members' };
        const lists = new Map([[HOST_NAME, this.#namesHere()]]);
        for (const { peer, value } of await this.#host.messaging.broadcast<{
          names: string[];
        }>(body)) {
          lists.set(dataOf(peer).name, value?.names ?? []);
        }
        seen = JSON.stringify([...lists]);
        return everyone.every((name) =>
          sameNames(
            lists.get(name) ?? [],
            everyone.filter((other) => other !== name),
          ),
        );
      },
      PATIENCE,
      () => `the peers do not agree who is there: ${seen}`,
    );
  }

  #namesHere(): string[] {
    return this.#host.membership.peers().map((peer) => dataOf(peer).name);
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
