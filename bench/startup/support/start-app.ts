import 'reflect-metadata';
import { Controller, Get, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

@Controller()
class AppController {
  @Get()
  hello(): string {
    return 'hello';
  }
}

@Module({ controllers: [AppController] })
class AppModule {}

/** Starts a small app with these modules; resolves once it listens. */
export async function startApp(...imports: DynamicModule[]): Promise<void> {
  const app = await NestFactory.create(
    { module: AppModule, imports },
    new ExpressAdapter(),
    { logger: false },
  );
  await app.listen(0, '127.0.0.1');
}
