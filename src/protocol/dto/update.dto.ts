import { Expose } from 'class-transformer';
import { IsOptional } from 'class-validator';
import type { JsonObject, JsonValue } from '../../wire/json.js';
import type { UpdateRequest } from '../../wire/requests.js';
import { AsGiven, readData, readDto } from './read-dto.js';
import { IsData, IsIncarnation, IsPeerId } from './validators.js';

/** Body of `/update` (PROTOCOL.md, section 4). */
export class UpdateDto {
  @Expose()
  @IsPeerId()
  id!: string;

  @Expose()
  @AsGiven()
  @IsData()
  data!: JsonObject;

  @Expose()
  @IsOptional()
  @IsIncarnation()
  incarnation?: number | null;
}

/** Validates the body of `/update`. Throws a ProtocolError. */
export function readUpdate(
  body: JsonValue | undefined,
  maxDataBytes: number,
): UpdateRequest {
  const { id, data, incarnation } = readDto(UpdateDto, body);
  return {
    id,
    data: readData(data, maxDataBytes),
    ...(incarnation != null && { incarnation }),
  };
}
