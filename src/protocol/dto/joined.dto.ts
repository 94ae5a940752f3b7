import { Expose } from 'class-transformer';
import { IsOptional } from 'class-validator';
import { normalizeHost, parsePort } from '../../wire/address.js';
import type { JsonObject, JsonValue } from '../../wire/json.js';
import type { PeerInfo } from '../../wire/peer-info.js';
import { AdvertisedDto, advertisedOf } from './advertised.dto.js';
import {
  AsGiven,
  checkId,
  readData,
  readDto,
  type DescriptionLimits,
} from './read-dto.js';
import { IsData, IsPeerHost, IsPeerId, IsPeerPort } from './validators.js';

/** Body of `/joined` (PROTOCOL.md, section 2). */
export class JoinedDto extends AdvertisedDto {
  @Expose()
  @IsPeerId()
  id!: string;

  @Expose()
  @IsPeerHost()
  ip!: string;

  @Expose()
  @IsPeerPort()
  port!: number | string;

  @Expose()
  @AsGiven()
  @IsOptional()
  @IsData()
  data?: JsonObject | null;
}

/** Validates and normalises the body of `/joined`. Throws a ProtocolError. */
export function readJoined(
  body: JsonValue | undefined,
  { maxDataBytes, maxIdLength }: DescriptionLimits,
): PeerInfo {
  const dto = readDto(JoinedDto, body);
  checkId(dto.id, maxIdLength);
  return {
    id: dto.id,
    ip: normalizeHost(dto.ip)!,
    port: parsePort(dto.port)!,
    data: readData(dto.data, maxDataBytes),
    ...advertisedOf(dto),
  };
}
