import { Expose } from 'class-transformer';
import type { JsonValue } from '../../wire/json.js';
import type { LeftRequest } from '../../wire/requests.js';
import { readDto } from './read-dto.js';
import { IsPeerId } from './validators.js';

/** Body of `/left` (PROTOCOL.md, section 2). */
export class LeftDto {
  @Expose()
  @IsPeerId()
  id!: string;
}

/** Validates the body of `/left`. Throws a ProtocolError. */
export function readLeft(body: JsonValue | undefined): LeftRequest {
  return { id: readDto(LeftDto, body).id };
}
