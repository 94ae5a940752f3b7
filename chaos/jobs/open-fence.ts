import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import {
  NatsFence,
  PostgresFence,
  RedisFence,
  type CloudFence,
} from 'nestjs-peercloud/fences';
import pg from 'pg';
import type { FencePlace } from './reports.js';

/** The fence of a server, over a client as an application would have it. */
export async function openFence({
  kind,
  ip,
  port,
}: FencePlace): Promise<CloudFence> {
  switch (kind) {
    case 'postgres': {
      const pool = new pg.Pool({
        port,
        host: ip,
        user: 'postgres',
        database: 'postgres',
        connectionTimeoutMillis: 10_000,
      });
      // A connection that is lost is no reason to end.
      pool.on('error', () => undefined);
      const fence = new PostgresFence(pool);
      await fence.createTable();
      return fence;
    }
    case 'redis': {
      const client = new Redis({ port, host: ip, maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      return new RedisFence(client);
    }
    case 'nats': {
      const connection = await connect({
        servers: `${ip}:${port}`,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 500,
      });
      return new NatsFence(await new Kvm(connection).create('fences'));
    }
  }
}
