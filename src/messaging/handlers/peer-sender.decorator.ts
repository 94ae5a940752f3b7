import { createParamDecorator } from '@nestjs/common';
import type { Peer } from '../../membership/peer.js';

/** The peer that sent the message, or one of its properties, as a parameter of an `@OnPeerMessage()` method. */
export const PeerSender = createParamDecorator<keyof Peer | undefined>(
  (property, context) => {
    const sender = context.switchToRpc().getContext<Peer>();
    return property ? sender[property] : sender;
  },
);
