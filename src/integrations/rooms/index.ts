export { PeerRooms, type RoomTarget, type WsClient } from './peer-rooms.js';
export { PeerRoomsModule } from './peer-rooms.module.js';
