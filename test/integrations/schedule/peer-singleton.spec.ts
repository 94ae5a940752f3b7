import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import {
  PeerSingleton,
  type PeerRun,
} from '../../../src/integrations/schedule/index.js';
import { closeReplicas } from '../../support/replicas.js';
import { until } from '../../support/until.js';
import {
  addReplica,
  startReplica,
  startReplicas,
  type Replica,
} from './replica.js';

/** Who runs it now, and how often it was begun. */
let running: Consumer[] = [];
let begun = 0;
let most = 0;

@Injectable()
class Consumer {
  @PeerSingleton({ name: 'consumer' })
  async consume({ signal }: PeerRun) {
    running.push(this);
    begun += 1;
    most = Math.max(most, running.length);
    if (!signal.aborted) {
      await once(signal, 'abort');
    }
    // What it has to finish.
    await new Promise((resolve) => setTimeout(resolve, 50));
    running = running.filter((each) => each !== this);
  }
}

const setup = { providers: [Consumer] };

beforeEach(() => {
  running = [];
  begun = 0;
  most = 0;
});
afterEach(closeReplicas);

describe('@PeerSingleton()', () => {
  const holderAmong = (replicas: Replica[]): Replica =>
    replicas.find((replica) => replica.get(Consumer) === running[0])!;

  it('runs on one of three replicas, and stays there', async () => {
    const replicas = await startReplicas(3, setup);
    await until(() => running.length === 1);
    const holder = holderAmong(replicas);
    for (const { schedule } of replicas) {
      await until(async () => (await schedule.jobs())[0]?.owner === holder.id);
      expect(await schedule.jobs()).toMatchObject([
        { name: 'consumer', kind: 'singleton', runs: [] },
      ]);
    }
    expect([begun, most]).toEqual([1, 1]);
  });

  it('is handed over by a replica that leaves, and never runs twice', async () => {
    let replicas = await startReplicas(3, setup);
    for (let handover = 1; handover <= 4; handover++) {
      await until(() => running.length === 1);
      const holder = holderAmong(replicas);
      await holder.close();
      const others = replicas.filter((replica) => replica !== holder);
      replicas = [...others, await addReplica()];
      await until(() => running.length === 1);
      expect(begun).toBe(handover + 1);
    }
    expect(most).toBe(1);
  });

  it('is called again after it failed', async () => {
    let calls = 0;
    @Injectable()
    class Failing {
      @PeerSingleton()
      run() {
        calls += 1;
        throw new Error('why');
      }
    }
    const { jobEvents } = await startReplica({ providers: [Failing] });
    await until(() => calls >= 2);
    expect(jobEvents).toContainEqual(
      expect.objectContaining({ type: 'job.finished', job: 'Failing.run' }),
    );
  });

  it('does not keep a replica for longer than its handover may take', async () => {
    let endRun: (() => void) | undefined;
    @Injectable()
    class Deaf {
      @PeerSingleton()
      async run() {
        await new Promise<void>((resolve) => {
          endRun = resolve;
        });
      }
    }
    const replica = await startReplica({
      providers: [Deaf],
      options: { handoverTimeout: 100 },
    });
    await until(() => endRun !== undefined);
    await replica.close();
    // Otherwise the run would be reported ten seconds later, in the middle of another test.
    endRun!();
  });
});
