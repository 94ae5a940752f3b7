import {
  type Type,
  applyDecorators,
  Controller,
  Post,
  VERSION_NEUTRAL,
  Req,
  Res,
} from '@nestjs/common';
import { ENDPOINTS, STATUS_ALIAS } from '../../wire/endpoints.js';
import type { AdapterResponse } from '../answer.js';
import type { AdapterRequest } from '../gate/peer-request.js';
import { PeerResponder } from './peer-responder.js';

/** Metadata by which @nestjs/throttler leaves a route alone; the name of the throttler follows. */
export const THROTTLER_SKIP_KEY = 'THROTTLER:SKIP';

/**
 * A controller of the protocol: at the root of the port, in no version of the app's URIs, and not
 * counted by the app's throttler, because peers ask each other often and by design.
 */
function ProtocolController(): ClassDecorator {
  return applyDecorators(
    Controller({ version: VERSION_NEUTRAL }),
    (target: object) => {
      Reflect.defineMetadata(`${THROTTLER_SKIP_KEY}default`, true, target);
    },
  );
}

/**
 * A `POST` route of the protocol. The trailing slash marks it: Nest drops it when it registers the
 * route, after it has asked whether the path is free of the global prefix. So the exclusion names
 * exactly our routes, and an app's own `POST /message` keeps its prefix.
 */
function ProtocolRoute(...paths: string[]): MethodDecorator {
  return Post(paths.map(markedPath));
}

/** The path as the routes of the protocol are declared. */
export function markedPath(path: string): string {
  return `${path}/`;
}

/** The endpoints about who is in the cloud (PROTOCOL.md, sections 2 and 4). */
@ProtocolController()
class MembershipController {
  readonly #responder: PeerResponder;

  constructor(responder: PeerResponder) {
    this.#responder = responder;
  }

  @ProtocolRoute(
    ENDPOINTS.join,
    ENDPOINTS.joined,
    ENDPOINTS.left,
    ENDPOINTS.status,
    STATUS_ALIAS,
    ENDPOINTS.update,
    ENDPOINTS.sync,
  )
  answer(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res);
  }
}

/** `/message`: for the application (PROTOCOL.md, section 2). */
@ProtocolController()
class MessageController {
  readonly #responder: PeerResponder;

  constructor(responder: PeerResponder) {
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.message)
  message(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res);
  }
}

/** `/observe`: for those who look at the cloud and are no members (PROTOCOL.md, section 6). */
@ProtocolController()
class ObserveController {
  readonly #responder: PeerResponder;

  constructor(responder: PeerResponder) {
    this.#responder = responder;
  }

  @ProtocolRoute(ENDPOINTS.observe)
  observe(@Req() req: AdapterRequest, @Res() res: AdapterResponse): void {
    this.#responder.reply(req, res);
  }
}

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
