import { last, seconds, type Step, type StepContext } from '../step.js';
import type { Verdict } from './counter.js';
import type { FenceKind } from './reports.js';
import { holds, must, tally, withCloud } from './with-cloud.js';

/** A run must be taken over within so many ms. */
const TAKEN_OVER_MS = 3_000;
/** Ms after its return in which a fence gives leases again. */
const RESUMED_MS = 10_000;

export const sameMoment: Step = {
  name: 'jobs: five replicas that start at the same moment',
  run: (context) =>
    withCloud(context, {}, async ({ verdict }) => {
      await last(context.size.jobs.quietSeconds);
      const result = await verdict();
      context.say(tally(result));
      must(result.lost.length + result.double === 0, 'not once each');
    }),
};

export const rollingRestart: Step = {
  name: 'jobs: rolling restart',
  run: (context) =>
    withCloud(context, {}, async ({ cloud, verdict }) => {
      const { rounds } = context.size.jobs;
      for (let round = 0; round < rounds; round++) {
        for (const replica of cloud.replicas) {
          await cloud.end(replica, 'SIGTERM');
          cloud.launch(replica);
          await replica.ready;
        }
      }
      const result = await verdict();
      context.say(
        `${rounds * cloud.replicas.length} restarts: ${tally(result)}`,
      );
      must(result.lost.length + result.double === 0, 'not once each');
    }),
};

export const killedOwner: Step = {
  name: 'jobs: kill -9 of the owner',
  run: (context) =>
    withCloud(context, {}, async ({ cloud, verdict }) => {
      const { kills } = context.size.jobs;
      let slowest = 0;
      for (let kill = 0; kill < kills; kill++) {
        // At another part of the second each time.
        await last(2 + ((kill * 0.37) % 1));
        const { owner, counter } = cloud;
        const runs = counter.runs.length;
        const killed = performance.now();
        await cloud.end(owner, 'SIGKILL');
        const isTaken = () =>
          counter.runs
            .slice(runs)
            .some(({ replica }) => replica !== owner.name);
        must(await holds(isTaken, 20_000), 'nobody took over');
        slowest = Math.max(slowest, performance.now() - killed);
        cloud.launch(owner);
        await cloud.whenReady();
      }
      const result = await verdict();
      context.say(
        `${kills} kills: ${tally(result)}; the next run came within ${seconds(slowest)}`,
      );
      must(result.double === 0, 'run twice');
      must(result.lost.length <= kills, 'more than one lost for a kill');
      must(slowest <= TAKEN_OVER_MS, 'taken over too late');
    }),
};

export const blockedOwner: Step = {
  name: 'jobs: the owner’s event loop is blocked for 2 s over a tick',
  run: (context) =>
    withCloud(context, {}, async ({ cloud, verdict }) => {
      const { blocks } = context.size.jobs;
      for (let block = 0; block < blocks; block++) {
        const rest = 1_000 - (Date.now() % 1_000);
        await last((rest + 700) / 1_000);
        cloud.block(cloud.owner, 2_000);
        await last(5);
      }
      const result = await verdict();
      context.say(
        `${blocks} times: ${tally(result)}, ${cloud.counter.takeovers} taken over`,
      );
      must(result.lost.length === 0, 'lost');
      must(result.double === 0, 'run twice');
    }),
};

async function stopOwner(
  context: StepContext,
  fence: FenceKind | undefined,
): Promise<void> {
  const label = fence ?? 'no fence';
  await withCloud(context, { fence }, async ({ cloud, verdict }) => {
    await last(3);
    const { owner, counter } = cloud;
    // In the middle of its run, while it has the lease.
    const runs = counter.runs.length;
    await holds(() => counter.runs.length > runs, 5_000);
    owner.child.kill('SIGSTOP');
    await last(context.size.stallSeconds);
    owner.child.kill('SIGCONT');
    await last(8);
    const result = await verdict();
    context.say(
      `${label}: ${tally(result)}${fence ? `, ${counter.refused} late writes refused` : ''}`,
    );
    must(result.double <= (fence ? 0 : 1), 'run twice');
    must(result.lost.length <= 1, 'others did not go on');
  });
}

export const stoppedOwner: Step = {
  name: 'jobs: SIGSTOP of the owner',
  async run(context) {
    for (const fence of [undefined, ...context.size.jobs.fences]) {
      await stopOwner(context, fence);
    }
  },
};

export const partedCloud: Step = {
  name: 'jobs: halves parted',
  needs: 'canPart',
  async run(context) {
    const { fences, partitionSeconds } = context.size.jobs;
    const part = (
      options: { fence?: FenceKind; onMinority?: 'skip' },
      check: (verdict: Verdict & { small: number }) => void,
    ) =>
      withCloud(context, options, async ({ cloud, verdict }) => {
        await last(2);
        const { owner, replicas, counter } = cloud;
        // The smaller half has the owner: the larger one has to notice.
        const other = replicas.find((replica) => replica !== owner)!;
        const small = [owner, other];
        context.network.part(small.map(({ ip }) => ip));
        const parted = Date.now();
        await last(partitionSeconds);
        const until = Date.now();
        context.network.heal();
        await last(5);
        const result = await verdict();
        const names = small.map(({ name }) => name);
        const inSmall = counter.runs.filter(
          ({ replica, at }) =>
            names.includes(replica) && at > parted + 1_000 && at < until,
        ).length;
        const label = options.fence ?? options.onMinority ?? 'no fence';
        context.say(
          `${label}: ${tally(result, parted)}; ${inSmall} in the smaller half`,
        );
        check({ ...result, small: inSmall });
      });
    await part({}, ({ double, small, lost }) => {
      must(small > 0 && double > 0, 'not one run a side');
      must(lost.length <= 2, 'lost');
    });
    await part({ onMinority: 'skip' }, ({ small }) => {
      must(small === 0, 'run in the minority');
    });
    for (const fence of fences) {
      await part({ fence }, ({ lost, double }) => {
        must(double === 0, 'run twice');
        must(lost.length <= 2, 'lost');
      });
    }
  },
};

export const killedFence: Step = {
  name: 'jobs: the fence’s server killed and started again',
  async run(context) {
    for (const fence of context.size.jobs.fences) {
      await withCloud(
        context,
        { fence },
        async ({ cloud, server, verdict }) => {
          const { counter } = cloud;
          await last(3);
          await server!.kill();
          const killed = Date.now();
          await last(8);
          const returning = Date.now();
          await server!.restart();
          const returned = Date.now();
          const accepted = counter.accepted.length;
          const resumed = await holds(
            () => counter.accepted.length > accepted,
            30_000,
          );
          const took = Date.now() - returned;
          await last(10);
          const result = await verdict();
          const meanwhile = counter.runs.filter(
            ({ at }) => at > killed + 1_000 && at < returning,
          ).length;
          context.say(
            `${fence}: resumed ${seconds(took)} after its return; ${meanwhile} runs without it, ${result.double} run twice`,
          );
          must(resumed && took <= RESUMED_MS, 'not resumed in time');
          must(result.double === 0, 'run twice');
          must(meanwhile === 0, 'run without the fence');
        },
      );
    }
  },
};
