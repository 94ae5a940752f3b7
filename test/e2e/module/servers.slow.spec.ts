import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PeerCloudModule } from '../../../src/index.js';
import { CertificateAuthority } from '../../support/certificates.js';
import { usePrograms } from '../../support/programs.js';
import { LogLines } from '../protocol/support/log-lines.js';

const WORKER = 'test/e2e/module/programs/worker.ts';
const programs = usePrograms(WORKER);

describe('a mounted peer', () => {
  it('says in every worker of node:cluster, once, that they share a port', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      programs(WORKER),
    ]);
    const workers = stdout.trim().split('\n');
    expect(workers.map((line) => JSON.parse(line) as string[])).toEqual(
      Array(3).fill([expect.stringContaining('9338 + cluster.worker.id')]),
    );
  }, 120_000);

  it.each([false, true])(
    'says of a server that speaks HTTP/2 only that it does (allowHTTP1: %s)',
    async (allowHTTP1) => {
      const authority = new CertificateAuthority();
      const { cert: ca } = authority;
      const certificate = authority.issue('127.0.0.1');
      @Module({
        imports: [PeerCloudModule.forRoot({ tls: { ca, ...certificate } })],
      })
      class AppModule {}
      const logger = new LogLines();
      const options = { http2: true, https: { ...certificate, allowHTTP1 } };
      const app = await NestFactory.create(
        AppModule,
        new FastifyAdapter(options as object),
        { logger },
      );
      await app.listen(0, '127.0.0.1');
      await app.close();
      expect(logger.of('warn')).toEqual(
        allowHTTP1 ? [] : [expect.stringContaining('allowHTTP1: true')],
      );
    },
  );
});
