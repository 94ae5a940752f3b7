import { Injectable } from '@nestjs/common';
import {
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  PeerBody,
  type PeerJoinedEvent,
} from 'nestjs-peercloud';

/** Settings as they were at one moment; a higher version replaces a lower one. */
export interface Settings {
  version: number;
  theme: string;
}

/** Settings of the whole app, in the memory of each replica. */
@Injectable()
export class SettingsService {
  #settings: Settings = { version: 0, theme: 'light' };

  readonly #messaging: MessagingService;

  constructor(messaging: MessagingService) {
    this.#messaging = messaging;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Changes them at all replicas that are reached. */
  async change(theme: string): Promise<void> {
    this.#settings = { version: this.#settings.version + 1, theme };
    await this.#messaging.broadcast({
      type: 'settings.changed',
      settings: this.#settings,
    });
  }

  @OnPeerMessage('settings.changed')
  take(@PeerBody('settings') settings: Settings): void {
    if (settings.version > this.#settings.version) {
      this.#settings = settings;
    }
  }

  @OnPeerMessage('settings.ask')
  tell(): { settings: Settings } {
    return { settings: this.#settings };
  }

  /** Whoever comes, or comes back after a partition, may have newer ones. */
  @OnPeerEvent('peer.joined')
  async catchUp({ peer }: PeerJoinedEvent): Promise<void> {
    const body = { type: 'settings.ask' };
    this.take((await peer.send<{ settings: Settings }>(body)).settings);
  }
}
