import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo, Server } from 'node:net';
import type { Contender } from '../contender.js';
import { httpAdapter } from './support/http-adapter.js';

@Module({})
class EmptyModule {}

const contender: Contender = {
  title: 'empty Nest app',
  parts: ['idle'],

  async server({ host }) {
    const app = await NestFactory.create(
      EmptyModule,
      httpAdapter('express', undefined),
      {
        logger: false,
      },
    );
    await app.listen(0, host);
    const server = app.getHttpServer() as Server;
    return { location: { port: (server.address() as AddressInfo).port } };
  },

  client: () => Promise.reject(new Error('it has nothing to send')),
};

export default contender;
