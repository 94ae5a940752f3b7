import { plainToInstance, Transform } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { ResolvedLimitOptions } from '../../options/limits.options.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';
import { refusals } from '../protocol.error.js';

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
