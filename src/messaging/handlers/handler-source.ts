import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';

/** A method with `@OnPeerMessage()`, as the explorer found it. */
export interface HandlerSource {
  wrapper: InstanceWrapper;
  /** The class that Nest made the instance from. */
  owner: object;
  methodName: string;
  method: (...args: unknown[]) => unknown;
  /** `Class.method`. */
  name: string;
  /** What the decorators say; undefined stands for every message. */
  patterns: readonly unknown[];
}
