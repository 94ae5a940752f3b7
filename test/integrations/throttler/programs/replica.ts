import {
  Controller,
  Get,
  Headers,
  Module,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  SkipThrottle,
  ThrottlerGuard,
  ThrottlerModule,
} from '@nestjs/throttler';
import { KeysService, PeerCloudModule } from '../../../../src/index.js';
import {
  PeerThrottlerModule,
  PeerThrottlerStorage,
} from '../../../../src/integrations/throttler/index.js';

/**
 * An app whose requests are counted by the header `key`. Arguments: the limit, and the port of a peer in the
 * cloud. It tells its port, and ends with its parent.
 */
const [limit, seed] = process.argv.slice(2);

@Controller()
@UseGuards(ThrottlerGuard)
class ReplicaController {
  constructor(private readonly keys: KeysService) {}

  @Get('work')
  work() {
    return 'done';
  }

  @Get('state')
  @SkipThrottle()
  state(@Headers('key') key: string) {
    return {
      owns: this.keys.isOwner(`default:${key}`),
      /** Replicas that are settled, and may own keys. */
      owners: this.keys.ownersOf(key, 100).length,
    };
  }
}

function keyOf(context: ExecutionContext): string {
  const request = context
    .switchToHttp()
    .getRequest<{ headers: { key: string } }>();
  return request.headers.key;
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      isGlobal: true,
      peers: seed === undefined ? [] : [`127.0.0.1:${seed}`],
      membership: { profile: 'local' },
    }),
    ThrottlerModule.forRootAsync({
      // Patient: an owner that has no processor for a while is not out of reach.
      imports: [PeerThrottlerModule.forRoot({ timeout: 10_000 })],
      inject: [PeerThrottlerStorage],
      useFactory: (storage: PeerThrottlerStorage) => ({
        throttlers: [{ ttl: 600_000, limit: Number(limit) }],
        generateKey: keyOf,
        storage,
      }),
    }),
  ],
  controllers: [ReplicaController],
})
class ReplicaModule {}

const app = await NestFactory.create(ReplicaModule, { logger: false });
await app.listen(0, '127.0.0.1');
const { port } = (
  app.getHttpServer() as { address(): { port: number } }
).address();
process.on('disconnect', () => process.exit());
process.send!({ port });
