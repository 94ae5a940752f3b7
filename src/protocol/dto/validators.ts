import { ValidateBy, type ValidationOptions } from 'class-validator';
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
import { isJsonObject } from '../../wire/json.js';

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
