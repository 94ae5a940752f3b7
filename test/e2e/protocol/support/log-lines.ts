import type { LoggerService } from '@nestjs/common';

/** Keeps what the app logs, so that a test can read it and the console stays clean. */
export class LogLines implements LoggerService {
  readonly lines: string[] = [];

  log(message: unknown): void {
    this.#add('log', message);
  }

  debug(message: unknown): void {
    this.#add('debug', message);
  }

  warn(message: unknown): void {
    this.#add('warn', message);
  }

  error(message: unknown, stack?: unknown): void {
    this.#add(
      'error',
      `${String(message)} ${typeof stack === 'string' ? stack : ''}`,
    );
  }

  /** The lines of one level, without the level. */
  of(level: 'log' | 'debug' | 'warn' | 'error'): string[] {
    return this.lines
      .filter((line) => line.startsWith(`${level}: `))
      .map((line) => line.slice(level.length + 2));
  }

  #add(level: string, message: unknown): void {
    this.lines.push(`${level}: ${String(message)}`);
  }
}
