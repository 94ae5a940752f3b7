import {
  ValidateBy,
  type ValidationOptions,
  validateSync,
} from 'class-validator';
import {
  MAX_CLOUD_LENGTH,
  MAX_FEATURES,
  MAX_SIGNATURE_LENGTH,
  isCloudName,
  isFeatureList,
  isSignature,
  readIncarnation,
} from '../../membership/index.js';
import { normalizeHost, parsePort } from '../../wire/address.js';
import { isSoundData, MAX_DATA_DEPTH } from '../../wire/json-guard.js';
import { isPeerId, MAX_ID_LENGTH } from '../../wire/endpoints.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';
import { plainToInstance, Transform } from 'class-transformer';
import type { ResolvedLimitOptions } from '../../options/limits.options.js';
import { refusals } from '../protocol.error.js';

function rule(
  name: string,
  message: string,
  validate: (value: unknown) => boolean,
) {
  return (options?: ValidationOptions): PropertyDecorator =>
    ValidateBy(
      {
        name,
        validator: {
          validate,
          defaultMessage: (args) => `${args?.property ?? 'value'} ${message}`,
        },
      },
      options,
    );
}

/** An id (PROTOCOL.md, section 1, ids). */
export const IsPeerId = rule(
  'isPeerId',
  `must be 1 to ${MAX_ID_LENGTH} printable ASCII characters without space`,
  isPeerId,
);

/** An IP literal in any spelling, or a host name (PROTOCOL.md, section 1, addresses). */
export const IsPeerHost = rule(
  'isPeerHost',
  'must be an IP address or a host name',
  (value) => normalizeHost(value) !== undefined,
);

/** A port as a number or as digits (PROTOCOL.md, section 1, addresses). */
export const IsPeerPort = rule(
  'isPeerPort',
  'must be a port, 1 to 65535',
  (value) => parsePort(value) !== undefined,
);

/** A JSON object, not an array, that all peers can read. */
export const IsData = rule(
  'isData',
  `must be an object of at most ${MAX_DATA_DEPTH} levels`,
  (value) => isJsonObject(value) && isSoundData(value),
);

/** Names of features (PROTOCOL.md, section 4). */
export const IsFeatures = rule(
  'isFeatures',
  `must be at most ${MAX_FEATURES} short names`,
  isFeatureList,
);

/** An incarnation (PROTOCOL.md, section 4). */
export const IsIncarnation = rule(
  'isIncarnation',
  'must be a whole number, 0 at least',
  (value) => readIncarnation(value) !== undefined,
);

/** The name of a cloud (PROTOCOL.md, section 4). */
export const IsCloudName = rule(
  'isCloudName',
  `must be a name of 1 to ${MAX_CLOUD_LENGTH} characters`,
  isCloudName,
);

/** The signature of a record, opaque here (PROTOCOL.md, section 4). */
export const IsSignature = rule(
  'isSignature',
  `must be a string of at most ${MAX_SIGNATURE_LENGTH} characters`,
  isSignature,
);

/** A URL scheme; absent means `http` (PROTOCOL.md, section 4). */
export const IsScheme = rule(
  'isScheme',
  'must be http or https',
  (value) => value === 'http' || value === 'https',
);

/** An object of a body, as a function that gives it. */
type Sealed = () => JsonValue;

/** Takes a property of a DTO just as it came: what is the application's own is not transformed. */
export function AsGiven(): PropertyDecorator {
  return Transform(({ obj, key }) => {
    const value = (obj as Record<string, JsonValue | Sealed>)[key];
    return typeof value === 'function' ? value() : value;
  });
}

/**
 * Takes the properties that a DTO exposes out of a body, and nothing else, so that unknown ones are
 * neither an error nor forwarded (PROTOCOL.md, section 1). Throws a ProtocolError (400) that names the
 * first property that is wrong.
 */
export function readDto<T extends object>(
  type: new () => T,
  body: JsonValue | undefined,
): T {
  const dto = plainToInstance(type, sealed(readObject(body)), {
    excludeExtraneousValues: true,
  });
  const [error] = validateSync(dto, { stopAtFirstError: true });
  if (error) {
    const [message] = Object.values(error.constraints ?? {});
    throw refusals.invalidBody(message ?? `${error.property} is not valid`);
  }
  return dto;
}

/**
 * A body whose objects are out of class-transformer's sight: it would walk through all that they hold,
 * and stumble over properties called `constructor` or `hasOwnProperty`.
 */
function sealed(body: JsonObject): Record<string, JsonValue | Sealed> {
  return Object.fromEntries(
    Object.entries(body)
      .filter(([name]) => !(name in Object.prototype))
      .map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null ? () => value : value,
      ]),
  );
}

/** Bounds on what a peer says of itself or of another. */
export type DescriptionLimits = Pick<
  ResolvedLimitOptions,
  'maxDataBytes' | 'maxIdLength'
>;

/** Throws a ProtocolError (400) for an id of more characters than the bound; none is no error. */
export function checkId(
  id: string | null | undefined,
  maxLength: number,
): void {
  if (id != null && id.length > maxLength) {
    throw refusals.invalidBody(
      `id must have at most ${maxLength} characters here`,
    );
  }
}

/** Throws a ProtocolError (413) for data of more bytes, as JSON, than the bound; absent data is `{}`. */
export function readData(
  data: JsonObject | null | undefined,
  maxBytes: number,
): JsonObject {
  if (data == null) {
    return {};
  }
  if (Buffer.byteLength(JSON.stringify(data)) > maxBytes) {
    throw refusals.tooLarge(maxBytes, 'data');
  }
  return data;
}

/** The body of an endpoint whose parts the membership checks itself. Throws a ProtocolError (400) for no object. */
export function readObject(body: JsonValue | undefined): JsonObject {
  if (!isJsonObject(body)) {
    throw refusals.invalidBody('the body must be a JSON object');
  }
  return body;
}
