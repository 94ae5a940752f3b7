import { readFileSync } from 'node:fs';
import {
  Controller,
  ForbiddenException,
  Get,
  Header,
  Headers,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  Sse,
  UseGuards,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import { interval, map, merge, type Observable } from 'rxjs';
import type { ResolvedConsoleOptions } from './console.options.js';
import { ConsoleService } from './console.service.js';
import type { CloudView } from './console.types.js';
import { LoopbackGuard } from './loopback.guard.js';

/** Nothing from elsewhere, nothing inline, nobody around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Ms between two signs of life on the event stream: proxies end what is silent. */
const HEARTBEAT = 15_000;

const read = (name: string): string =>
  readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');

/** The routes of the console at the path and behind the guards of its options. */
export function createConsoleController({
  path,
  guards,
}: ResolvedConsoleOptions): Type {
  const [page, script, style, icon] = [
    'index.html',
    'console.js',
    'console.css',
    'console.svg',
  ].map(read) as [string, string, string, string];

  @Controller(path)
  @UseGuards(...(guards.length > 0 ? guards : [LoopbackGuard]))
  class PeerCloudConsoleController {
    readonly #console: ConsoleService;

    constructor(console: ConsoleService) {
      this.#console = console;
    }

    @Get()
    @Header('Content-Type', 'text/html; charset=utf-8')
    @Header('Content-Security-Policy', POLICY)
    @Header('X-Content-Type-Options', 'nosniff')
    @Header('Referrer-Policy', 'no-referrer')
    @Header('Cache-Control', 'no-store')
    page(@Req() request: { url: string; originalUrl?: string }): string {
      const url = request.originalUrl ?? request.url;
      const base = url.split('?')[0]!.replace(/\/+$/, '');
      return page.replaceAll('{base}', escapeAttribute(base));
    }

    @Get('console.js')
    @Header('Content-Type', 'text/javascript; charset=utf-8')
    @Header('X-Content-Type-Options', 'nosniff')
    @Header('Cache-Control', 'no-cache')
    script(): string {
      return script;
    }

    @Get('console.css')
    @Header('Content-Type', 'text/css; charset=utf-8')
    @Header('X-Content-Type-Options', 'nosniff')
    @Header('Cache-Control', 'no-cache')
    style(): string {
      return style;
    }

    @Get('console.svg')
    @Header('Content-Type', 'image/svg+xml; charset=utf-8')
    @Header('X-Content-Type-Options', 'nosniff')
    @Header('Cache-Control', 'no-cache')
    icon(): string {
      return icon;
    }

    @Get('api/cloud')
    @Header('Cache-Control', 'no-store')
    cloud(): Promise<CloudView> {
      return this.#console.view();
    }

    @Sse('api/events')
    events(
      @Headers('last-event-id') last?: string,
      @Query('after') after?: string,
    ): Observable<MessageEvent> {
      const number = Number(last ?? after ?? 0) || 0;
      return merge(
        this.#console
          .events(number)
          .pipe(map((data) => ({ id: String(data.number), data }))),
        interval(HEARTBEAT).pipe(map(() => ({ type: 'alive', data: '' }))),
      );
    }

    /** The one thing that it does: it has a member checked, as the schedule would a moment later. */
    @Post('api/members/:id/check')
    @HttpCode(200)
    async check(
      @Param('id') id: string,
      @Headers('sec-fetch-site') site?: string,
    ): Promise<{ online: boolean }> {
      if (site !== undefined && site !== 'same-origin' && site !== 'none') {
        throw new ForbiddenException('only from the console itself');
      }
      const result = await this.#console.check(id);
      if (!result) {
        throw new NotFoundException('no such member');
      }
      return result;
    }
  }
  return PeerCloudConsoleController;
}

function escapeAttribute(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
