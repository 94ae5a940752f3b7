import 'reflect-metadata';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import type { Contender } from '../contender.js';

@Controller()
class EchoController {
  @Post('message')
  @HttpCode(200)
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ controllers: [EchoController] })
class ServerModule {}

@Module({ imports: [HttpModule] })
class ClientModule {}

const contender: Contender = {
  title: 'Nest controller + @nestjs/axios',
  parts: ['request-reply', 'broadcast'],
  notQuick: ['broadcast'],

  async server({ host }) {
    const app = await NestFactory.create<NestExpressApplication>(ServerModule, {
      logger: false,
    });
    app.useBodyParser('json', { limit: '2mb' });
    await app.listen(0, host);
    const { port } = app.getHttpServer().address() as AddressInfo;
    return { location: { port } };
  },

  async client({ host, peers }) {
    const app = await NestFactory.createApplicationContext(ClientModule, {
      logger: false,
    });
    const http = app.get(HttpService);
    const urls = peers.map(({ port }) => `http://${host}:${port}/message`);
    return {
      send: async (peer, body) => {
        const answer = http.post<unknown>(urls[peer]!, body);
        return (await firstValueFrom(answer)).data;
      },
    };
  },
};

export default contender;
