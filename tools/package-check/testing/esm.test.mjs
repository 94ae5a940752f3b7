import 'reflect-metadata';
import { Module } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
} from 'nestjs-peercloud';
import { createTestCloud } from 'nestjs-peercloud/testing';
import { partitionAndKill } from './partition-and-kill.cjs';

partitionAndKill(async () => ({
  createTestCloud,
  MembershipService,
  MessagingService,
  Module,
  OnPeerMessage,
  PeerCloudModule,
}));
