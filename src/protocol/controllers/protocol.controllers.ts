import type { Type } from '@nestjs/common';
import { MembershipController } from './membership.controller.js';
import { MessageController } from './message.controller.js';
import { ObserveController } from './observe.controller.js';

/** All that answers the endpoints. */
export const protocolControllers: readonly Type[] = [
  MembershipController,
  MessageController,
  ObserveController,
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
