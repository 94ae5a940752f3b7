import { Expose } from 'class-transformer';
import { IsOptional } from 'class-validator';
import type { PeerInfo } from '../../wire/peer-info.js';
import { AsGiven } from './read-dto.js';
import {
  IsCloudName,
  IsFeatures,
  IsIncarnation,
  IsScheme,
  IsSignature,
} from './validators.js';

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
