import 'reflect-metadata';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MessagePattern,
  Payload,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import type { BenchClient } from '../../contender.js';

/** What Nest's transports call the peer of that number. */
export function patternOf(peer: number): string {
  return `echo.${peer}`;
}

/** A Nest microservice that echoes what comes under the pattern of its number. */
export async function nestMicroservice(
  index: number,
  options: MicroserviceOptions,
): Promise<void> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    echoModule(patternOf(index)),
    { ...options, logger: false },
  );
  await app.listen();
}

/**
 * A sender with Nest's own client, used as its documentation shows.
 * `proxies`: one for each peer, or one for all where a broker stands between.
 */
export async function nestClient(proxies: ClientProxy[]): Promise<BenchClient> {
  for (const proxy of proxies) {
    await proxy.connect();
  }
  return {
    send: (peer, body) => {
      const proxy = proxies[peer % proxies.length]!;
      return firstValueFrom(proxy.send<unknown>(patternOf(peer), body));
    },
  };
}

/** A module with the handler. */
export function echoModule(pattern: string): Type {
  @Controller()
  class EchoController {
    @MessagePattern(pattern)
    echo(@Payload() body: unknown): unknown {
      return body;
    }
  }

  @Module({ controllers: [EchoController] })
  class EchoModule {}

  return EchoModule;
}
