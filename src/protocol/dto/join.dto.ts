import { Expose } from 'class-transformer';
import { IsOptional } from 'class-validator';
import { normalizeHost, parsePort } from '../../wire/address.js';
import type { JsonObject, JsonValue } from '../../wire/json.js';
import type { JoinRequest } from '../../wire/requests.js';
import { AdvertisedDto, advertisedOf } from './advertised.dto.js';
import {
  AsGiven,
  checkId,
  readData,
  readDto,
  type DescriptionLimits,
} from './read-dto.js';
import { IsData, IsPeerHost, IsPeerId, IsPeerPort } from './validators.js';

/** Body of `/join`; null counts as absent (PROTOCOL.md, section 2). */
export class JoinDto extends AdvertisedDto {
  @Expose()
  @IsOptional()
  @IsPeerId()
  id?: string | null;

  @Expose()
  @IsOptional()
  @IsPeerHost()
  ip?: string | null;

  @Expose()
  @IsOptional()
  @IsPeerPort()
  port?: number | string | null;

  @Expose()
  @AsGiven()
  @IsOptional()
  @IsData()
  data?: JsonObject | null;
}

/** Validates and normalises the body of `/join`. Throws a ProtocolError. */
export function readJoin(
  body: JsonValue | undefined,
  { maxDataBytes, maxIdLength }: DescriptionLimits,
): JoinRequest {
  const dto = readDto(JoinDto, body);
  checkId(dto.id, maxIdLength);
  const ip = normalizeHost(dto.ip);
  const port = parsePort(dto.port);
  return {
    ...(dto.id != null && { id: dto.id }),
    ...(ip !== undefined && { ip }),
    ...(port !== undefined && { port }),
    ...(dto.data != null && { data: readData(dto.data, maxDataBytes) }),
    ...advertisedOf(dto),
  };
}
