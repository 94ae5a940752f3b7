import type { Type } from '@nestjs/common';
import { JoinController } from './join.controller.js';
import { JoinedController } from './joined.controller.js';
import { LeftController } from './left.controller.js';
import { MessageController } from './message.controller.js';
import { StatusController } from './status.controller.js';
import { StreamController } from './stream.controller.js';
import { SyncController } from './sync.controller.js';
import { UpdateController } from './update.controller.js';

/** One controller for each endpoint. */
export const protocolControllers: readonly Type[] = [
  JoinController,
  JoinedController,
  LeftController,
  StatusController,
  MessageController,
  UpdateController,
  SyncController,
  StreamController,
];

/**
 * The controllers for one app, with the class decorators that let them past the app's own guards. They
 * are subclasses, so that two apps of one process can decorate them differently.
 */
export function decoratedControllers(
  decorators: readonly ClassDecorator[] = [],
): Type[] {
  if (decorators.length === 0) {
    return [...protocolControllers];
  }
  return protocolControllers.map((base) => {
    const controller = { [base.name]: class extends base {} }[base.name]!;
    for (const decorate of decorators) {
      decorate(controller);
    }
    return controller;
  });
}
