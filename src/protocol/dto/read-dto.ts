import { plainToInstance, Transform } from 'class-transformer';
import { validateSync } from 'class-validator';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';
import { refusals } from '../protocol.error.js';

/** Takes a property of a DTO just as it came: what is the application's own is not transformed. */
export function AsGiven(): PropertyDecorator {
  return Transform(({ obj, key }) => (obj as JsonObject)[key]);
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
  const dto = plainToInstance(type, readObject(body), {
    excludeExtraneousValues: true,
  });
  const [error] = validateSync(dto, { stopAtFirstError: true });
  if (error) {
    const [message] = Object.values(error.constraints ?? {});
    throw refusals.invalidBody(message ?? `${error.property} is not valid`);
  }
  return dto;
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
