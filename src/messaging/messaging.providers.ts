import type { Provider } from '@nestjs/common';
import { MessageExplorer } from './handlers/message.explorer.js';
import { MessageHandlerFactory } from './handlers/message-handler.factory.js';
import { HttpLane } from './lanes/http.lane.js';
import { LaneSelector } from './lanes/lane-selector.js';
import { SelfLane } from './lanes/self.lane.js';
import { MessageRouter } from './message-router.js';
import { MessagingService } from './messaging.service.js';

/**
 * Everything of this folder that Nest has to make. It needs MembershipService, the tokens of
 * peer-cloud.tokens.ts and DiscoveryModule beside it.
 */
export const messagingProviders: Provider[] = [
  MessagingService,
  LaneSelector,
  HttpLane,
  SelfLane,
  MessageRouter,
  MessageHandlerFactory,
  MessageExplorer,
];
