import type { Server } from 'node:http';
import {
  Body,
  Catch,
  Controller,
  Injectable,
  Post,
  SetMetadata,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { map, timeout } from 'rxjs';

/** How apps mark a route that everybody may use. */
export const Public = () => SetMetadata('isPublic', true);

/** Refuses everything that is not marked public. */
@Injectable()
export class EverythingIsPrivateGuard implements CanActivate {
  readonly #reflector: Reflector;

  constructor(reflector: Reflector) {
    this.#reflector = reflector;
  }

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    return (
      this.#reflector.getAllAndOverride<boolean>('isPublic', targets) === true
    );
  }
}

/** Puts every answer into an envelope. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next
      .handle()
      .pipe(map((data: unknown) => ({ wrapped: true, data })));
  }
}

/** Gives every handler next to no time. */
@Injectable()
export class ImpatientInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(timeout(1));
  }
}

/** Turns every error into a 418 of its own shape. */
@Catch()
export class TeapotFilter implements ExceptionFilter {
  readonly #adapterHost: HttpAdapterHost;

  constructor(adapterHost: HttpAdapterHost) {
    this.#adapterHost = adapterHost;
  }

  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<object>();
    this.#adapterHost.httpAdapter.reply(response, { oops: true }, 418);
  }
}

/** A route of the app under the name of one of ours: with the app's prefix, it is another path. */
@Public()
@Controller()
export class OwnMessageController {
  @Post('message')
  message(@Body() body: unknown) {
    return { own: body };
  }
}

/** Two throttlers that let one request through in an hour. */
export const STRICT_THROTTLERS = ThrottlerModule.forRoot([
  { ttl: 3_600_000, limit: 1 },
  { name: 'burst', ttl: 3_600_000, limit: 1 },
]);

/** What apps do in `main.ts`. */
export function prepareHostileApp(app: INestApplication<Server>): void {
  app.setGlobalPrefix('api', { exclude: ['health'] });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useGlobalPipes(
    new ValidationPipe({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
    }),
  );
}
