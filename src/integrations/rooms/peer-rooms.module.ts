import { Module } from '@nestjs/common';
import { PeerRooms } from './peer-rooms.js';

/**
 * Provides PeerRooms. Beside `PeerCloudModule.forRoot()`; each module whose providers use it imports it:
 *
 * ```ts
 * imports: [PeerRoomsModule], providers: [NewsGateway]
 * ```
 */
@Module({ providers: [PeerRooms], exports: [PeerRooms] })
export class PeerRoomsModule {}
