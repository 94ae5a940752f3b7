import type { RequestListener } from 'node:http';
import { refusalAnswer } from '../protocol/answer.js';
import { refuseAndDrain } from '../protocol/lingering-refusal.js';
import { refusals } from '../protocol/protocol.error.js';
import { isProtocolRequest } from '../protocol/protocol-gate.js';

/**
 * Passes on what the protocol has a path for. The own listener has nothing else, and a request for
 * nothing, whose body comes slowly, would keep its connection for as long as a stream may live.
 */
export function onlyProtocol(handler: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    if (isProtocolRequest(incoming)) {
      handler(incoming, outgoing);
    } else {
      refuseAndDrain(incoming, outgoing, refusalAnswer(refusals.notFound()));
    }
  };
}
