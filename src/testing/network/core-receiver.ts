import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import type { JsonObject } from '../../wire/json.js';
import type {
  PeerInfo,
  JoinAnswer,
  JoinRequest,
  LeftRequest,
  PeerStatus,
  UpdateRequest,
} from '../../wire/bodies.js';
import type { PeerAnswer } from '../../transport/peer-transport.interface.js';
import type { InMemoryHandler, InMemoryOrigin } from './in-memory-process.js';

/**
 * The receiving side of the membership core, as far as this folder needs to know it.
 * `M` is the core's member record.
 */
export interface ReceivingCore<M> {
  admit(senderId: string | undefined): Promise<M | undefined>;
  receiveJoin(
    request: JoinRequest,
    origin: InMemoryOrigin,
  ): Promise<JoinAnswer>;
  receiveJoined(peer: PeerInfo, sender: M): Promise<{ status: 'added' }>;
  receiveLeft(request: LeftRequest, sender: M): Promise<{ status: 'removed' }>;
  receiveUpdate(
    request: UpdateRequest,
    sender: M,
  ): Promise<{ status: 'updated' }>;
  receiveStatus(body: JsonObject, origin: InMemoryOrigin): Promise<PeerStatus>;
  receiveSync(body: JsonObject, sender: M): Promise<JsonObject>;
}

/**
 * Hands what arrives to a core, with the rules of the HTTP side: everyone may ask to join and for the
 * status, every other request needs a known sender (PROTOCOL.md, section 1). Bodies are taken as
 * valid: only cores speak on this network.
 * @param core asked anew for each request
 */
export function coreReceiver<M>(core: () => ReceivingCore<M>): InMemoryHandler {
  return async (endpoint, body, origin) => {
    const receiver = core();
    const value = body as JsonObject;
    if (endpoint === 'join') {
      return ok(await receiver.receiveJoin(value as JoinRequest, origin));
    }
    if (endpoint === 'status') {
      return ok(await receiver.receiveStatus(value, origin));
    }
    const sender = await receiver.admit(origin.senderId);
    if (sender === undefined) {
      return refused(403, 'UNKNOWN_SENDER');
    }
    try {
      switch (endpoint) {
        case 'joined':
          return ok(
            await receiver.receiveJoined(value as unknown as PeerInfo, sender),
          );
        case 'left':
          return ok(
            await receiver.receiveLeft(value as unknown as LeftRequest, sender),
          );
        case 'update':
          return ok(
            await receiver.receiveUpdate(
              value as unknown as UpdateRequest,
              sender,
            ),
          );
        case 'sync':
          return ok(await receiver.receiveSync(value, sender));
        default:
          return refused(404, 'NOT_FOUND');
      }
    } catch (error) {
      if (error instanceof PeerCloudError) {
        return refused(403, error.code);
      }
      throw error;
    }
  };
}

function ok(body: object): PeerAnswer {
  return { status: 200, body: body as JsonObject };
}

function refused(statusCode: number, code: string): PeerAnswer {
  return {
    status: statusCode,
    body: { statusCode, error: 'Refused', message: code, code },
  };
}
