import { Injectable, Scope, type Type } from '@nestjs/common';
import { Cron, Interval, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import {
  OncePerCloud,
  PeerSingleton,
  type PeerRun,
} from '../../../src/integrations/schedule/index.js';
import { closeReplicas } from '../../support/replicas.js';
import { until } from '../../support/until.js';
import { startReplica, startReplicas, type Replica } from './replica.js';
import {
  EVERY_SECOND,
  forgetRuns,
  occurrencesOf,
  ran,
  Reports,
} from './reports.js';

beforeEach(() => {
  forgetRuns();
});
afterEach(closeReplicas);

describe('@OncePerCloud()', () => {
  it('runs each occurrence once in three replicas, with either order of decorators', async () => {
    await startReplicas(3, { providers: [Reports] });
    forgetRuns();
    const inOrder = () => occurrencesOf('above').toSorted((a, b) => a - b);
    // One that is taken over, as the machine stood still, may come after the next.
    await until(() => {
      const [first, ...more] = inOrder();
      return (
        more.length >= 2 &&
        more.every((time, at) => time === first! + (at + 1) * 1_000)
      );
    });
    for (const job of ['above', 'below', 'again']) {
      const occurrences = occurrencesOf(job);
      expect(new Set(occurrences).size).toBe(occurrences.length);
      expect(occurrences.every((time) => time % 1_000 === 0)).toBe(true);
    }
    const above = inOrder();
    expect(occurrencesOf('elsewhere').length).toBeLessThan(2 * above.length);
    expect(occurrencesOf('everywhere').length).toBeGreaterThan(
      2 * above.length,
    );
  });

  it('is reported by each replica', async () => {
    const replicas = await startReplicas(2, { providers: [Reports] });
    await until(() => occurrencesOf('below').length >= 2);
    for (const { schedule } of replicas) {
      const jobs = await schedule.jobs();
      expect(jobs.map(({ name }) => name).sort()).toEqual([
        'Reports.above',
        'Reports.again',
        'in Tokyo',
        'named',
      ]);
      const named = jobs.find(({ name }) => name === 'named')!;
      expect(replicas.map(({ id }) => id)).toContain(named.owner);
      expect(named.kind).toBe('once');
      // Its end is told a moment after its start.
      const done = await until(async () =>
        (await schedule.jobs())
          .find(({ name }) => name === 'named')!
          .runs.find(({ state }) => state === 'done'),
      );
      expect(done).toEqual({
        occurrence: expect.any(Date),
        by: expect.any(String),
        state: 'done',
        duration: expect.any(Number),
        error: undefined,
      });
      expect(replicas.map(({ id }) => id)).toContain(done.by);
    }
  });

  it('leaves the metadata of all decorators where they are looked for', () => {
    const methods = Object.getOwnPropertyDescriptors(Reports.prototype);
    for (const { value } of [methods.above, methods.below, methods.elsewhere]) {
      expect(Reflect.getMetadata('SCHEDULER_TYPE', value!)).toBe(1);
    }
    expect(Reflect.getMetadata('SCHEDULER_NAME', methods.below.value!)).toBe(
      'named',
    );
    expect(Reflect.getMetadata('theirs', methods.elsewhere.value!)).toBe(1);
    expect(methods.above.value!.name).toBe('above');
  });

  it('leaves what the app itself calls as it is written', async () => {
    expect(new Reports().elsewhere(1, 2)).toBe(2);
    const replica = await startReplica({ providers: [Reports] });
    expect(replica.get(Reports).elsewhere(1, 2, 3)).toBe(3);
    expect(replica.get(Reports).elsewhere()).toBe(0);
  });

  it('gives a run to a method that takes one, and nothing to others', async () => {
    const args: unknown[][] = [];
    @Injectable()
    class Both {
      @OncePerCloud()
      @Cron(EVERY_SECOND)
      none() {
        // eslint-disable-next-line prefer-rest-params
        args.push([...arguments]);
      }

      @OncePerCloud({ fence: false })
      @Cron(EVERY_SECOND)
      one(run: PeerRun) {
        args.push([run]);
      }
    }
    await startReplica({ providers: [Both] });
    await until(() => args.length >= 3);
    expect(args).toContainEqual([]);
    expect(args.find(({ length }) => length === 1)).toEqual([
      {
        name: 'Both.one',
        occurrence: expect.any(Date),
        token: undefined,
        signal: expect.any(AbortSignal),
      },
    ]);
  });

  it('runs a disabled job once somebody starts it', async () => {
    @Injectable()
    class Disabled {
      @OncePerCloud()
      @Cron(EVERY_SECOND, { name: 'by hand', disabled: true })
      run(run: PeerRun) {
        ran('by hand', this, run);
      }
    }
    const replicas = await startReplicas(2, { providers: [Disabled] });
    for (const replica of replicas) {
      replica.get(SchedulerRegistry).getCronJob('by hand').start();
    }
    await until(() => occurrencesOf('by hand').length >= 3);
    const occurrences = occurrencesOf('by hand');
    expect(new Set(occurrences).size).toBe(occurrences.length);
  });

  it('says what failed, and goes on', async () => {
    const failure = new Error('why');
    @Injectable()
    class Failing {
      @OncePerCloud()
      @Cron(EVERY_SECOND)
      run() {
        ran('failing', this);
        throw failure;
      }
    }
    const [first, second] = await startReplicas(2, { providers: [Failing] });
    await until(() => occurrencesOf('failing').length >= 2);
    expect([...first!.jobEvents, ...second!.jobEvents]).toContainEqual(
      expect.objectContaining({ type: 'job.finished', error: failure }),
    );
    for (const { schedule } of [first!, second!]) {
      const failed = await until(async () => {
        const [job] = await schedule.jobs();
        return job!.runs.find(({ state }) => state === 'failed');
      });
      expect(failed.error).toBe('Error: why');
    }
  });

  it('takes over what its owner does not run', async () => {
    const replicas = await startReplicas(3, { providers: [Reports] });
    const lame = new Set<string>();
    // Whoever is the owner: on a busy machine another one may become it meanwhile.
    const stopOwner = async () => {
      const jobs = await replicas[0]!.schedule.jobs();
      const { owner } = jobs.find(({ name }) => name === 'named')!;
      const replica = replicas.find(({ id }) => id === owner);
      if (replica && !lame.has(replica.id)) {
        lame.add(replica.id);
        const registry = replica.get(SchedulerRegistry);
        void registry.getCronJob('named').stop();
      }
    };
    const takesOver = ({ jobEvents }: Replica) =>
      jobEvents.some(
        (event) => event.type === 'job.taken-over' && lame.has(event.from),
      );
    await until(async () => {
      await stopOwner();
      return replicas.some(takesOver);
    });
    const occurrences = occurrencesOf('below');
    expect(new Set(occurrences).size).toBe(occurrences.length);
  });

  it('does not run in an app without PeerScheduleModule', () => {
    // As cron calls a method: with its onComplete, which Nest never sets.
    expect(() => new Reports().elsewhere(undefined)).toThrow(
      expect.objectContaining({ code: 'NO_PEER_SCHEDULE' }),
    );
    expect(occurrencesOf('elsewhere')).toEqual([]);
  });

  describe('refuses at the start', () => {
    const start = (...providers: Type[]) => startReplica({ providers });

    it('a method without a schedule', async () => {
      class Lonely {
        @OncePerCloud()
        run() {}
      }
      await expect(start(Lonely)).rejects.toMatchObject({
        code: 'INVALID_JOB',
        message: expect.stringContaining('Lonely.run has @OncePerCloud()'),
      });
    });

    it('a timeout', async () => {
      class Late {
        @Timeout(10)
        @OncePerCloud()
        run() {}
      }
      await expect(start(Late)).rejects.toMatchObject({
        code: 'INVALID_JOB',
        message: expect.stringContaining('@Timeout()'),
      });
    });

    it('an interval of less than a second', async () => {
      class Hasty {
        @OncePerCloud()
        @Interval(999)
        run() {}
      }
      await expect(start(Hasty)).rejects.toMatchObject({ code: 'INVALID_JOB' });
    });

    it('a singleton with a schedule', async () => {
      class Confused {
        @PeerSingleton()
        @Cron(EVERY_SECOND)
        run() {}
      }
      class Doubtful {
        @PeerSingleton()
        @OncePerCloud()
        run() {}
      }
      await expect(start(Confused)).rejects.toMatchObject({
        code: 'INVALID_JOB',
      });
      await expect(start(Doubtful)).rejects.toMatchObject({
        code: 'INVALID_JOB',
      });
    });

    it('a job of a provider for each request', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Scoped {
        @OncePerCloud()
        @Cron(EVERY_SECOND)
        run() {}
      }
      await expect(start(Scoped)).rejects.toMatchObject({
        code: 'INVALID_JOB',
        message: expect.stringContaining('Scoped.run'),
      });
    });

    it('two jobs of one name', async () => {
      class Twins {
        @OncePerCloud({ name: 'same' })
        @Cron(EVERY_SECOND)
        one() {}

        @PeerSingleton({ name: 'same' })
        two() {}
      }
      await expect(start(Twins)).rejects.toMatchObject({
        code: 'JOB_NAME_TAKEN',
        message: expect.stringContaining('"same"'),
      });
    });

    it('a fence that nobody provides, and options that cannot work', async () => {
      class Fenced {
        @PeerSingleton({ fence: 'NOWHERE' })
        run() {}
      }
      class Needy {
        @PeerSingleton({ minPeers: 0 })
        run() {}
      }
      await expect(start(Fenced)).rejects.toMatchObject({
        code: 'INVALID_JOB',
      });
      await expect(start(Needy)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        path: 'minPeers',
      });
    });
  });
});
