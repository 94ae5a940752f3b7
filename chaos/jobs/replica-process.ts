import {
  Injectable,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { PeerCloudModule } from 'nestjs-peercloud';
import {
  OncePerCloud,
  PeerScheduleModule,
  PeerSingleton,
  ScheduleService,
  type PeerRun,
} from 'nestjs-peercloud/schedule';
import { openFence } from './open-fence.js';
import type {
  ReplicaOptions,
  ReplicaReport,
  RunnerCommand,
} from './reports.js';

/** A replica with a job of each second and a singleton, which tells the runner what it does. */

const options = JSON.parse(process.argv[2]!) as ReplicaOptions;

/** Ms between a run's beginning and its write; and between two words of the singleton. */
const WRITE_AFTER = 200;
const ALIVE_EVERY = 50;

function tell(report: ReplicaReport): void {
  process.send?.(report);
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

@Injectable()
class Jobs implements OnApplicationBootstrap {
  constructor(readonly schedule: ScheduleService) {}

  @OncePerCloud({ name: 'tick' })
  @Cron('* * * * * *')
  async tick({ occurrence, token }: PeerRun): Promise<void> {
    const run = {
      occurrence: occurrence!.getTime(),
      token: String(token ?? ''),
    };
    tell({ type: 'ran', ...run });
    await pass(WRITE_AFTER);
    tell({ type: 'wrote', ...run });
  }

  @PeerSingleton({ name: 'consumer' })
  async consume({ signal, token }: PeerRun): Promise<void> {
    const word = { token: String(token ?? '') };
    tell({ type: 'began', ...word });
    while (!signal.aborted) {
      await pass(ALIVE_EVERY);
      tell({ type: 'alive', ...word });
    }
    tell({ type: 'ended', ...word });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.schedule.events$.subscribe((event) => {
      if (event.type === 'job.taken-over') {
        tell({ type: 'took-over' });
      }
    });
    const timer = setInterval(() => {
      if (this.schedule.isReady) {
        clearInterval(timer);
        tell({ type: 'ready' });
      }
    }, 20);
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      peers: options.seeds,
      listener: { port: options.port, host: '0.0.0.0' },
    }),
    ScheduleModule.forRoot(),
    PeerScheduleModule.forRootAsync({
      useFactory: async () => ({
        onMinority: options.onMinority,
        fence: options.fence && (await openFence(options.fence)),
      }),
    }),
  ],
  providers: [Jobs],
})
class ReplicaModule {}

process.on('disconnect', () => process.exit(0));
process.on('message', ({ block }: RunnerCommand) => {
  const until = Date.now() + block;
  while (Date.now() < until) {
    // The event loop is blocked on purpose.
  }
});
const app = await NestFactory.createApplicationContext(ReplicaModule, {
  logger: ['error'],
});
app.enableShutdownHooks(['SIGTERM']);
