import { Expose } from 'class-transformer';
import { IsOptional } from 'class-validator';
import type {
  PeerInfo,
  JoinRequest,
  LeftRequest,
  UpdateRequest,
} from '../../wire/bodies.js';
import {
  AsGiven,
  IsCloudName,
  IsFeatures,
  IsIncarnation,
  IsScheme,
  IsSignature,
  checkId,
  readData,
  readDto,
  type DescriptionLimits,
  IsData,
  IsPeerHost,
  IsPeerId,
  IsPeerPort,
} from './read-dto.js';
import { normalizeHost, parsePort } from '../../wire/address.js';
import type { JsonObject, JsonValue } from '../../wire/json.js';

/** What a peer with extensions says of itself; null counts as absent (PROTOCOL.md, section 4). */
export class AdvertisedDto {
  @Expose()
  @AsGiven()
  @IsOptional()
  @IsFeatures()
  features?: string[] | null;

  @Expose()
  @IsOptional()
  @IsIncarnation()
  incarnation?: number | null;

  @Expose()
  @IsOptional()
  @IsCloudName()
  cloud?: string | null;

  @Expose()
  @IsOptional()
  @IsScheme()
  scheme?: 'http' | 'https' | null;

  @Expose()
  @IsOptional()
  @IsSignature()
  signature?: string | null;
}

/** The advertised extensions that are there, without the rest. */
export function advertisedOf(
  dto: AdvertisedDto,
): Omit<PeerInfo, 'id' | 'ip' | 'port' | 'data'> {
  return {
    ...(dto.features && { features: dto.features }),
    ...(dto.incarnation != null && { incarnation: dto.incarnation }),
    ...(dto.cloud != null && { cloud: dto.cloud }),
    ...(dto.scheme === 'https' && { scheme: dto.scheme }),
    ...(dto.signature != null && { signature: dto.signature }),
  };
}

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
