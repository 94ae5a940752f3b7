import { getMetadataStorage, validateSync } from 'class-validator';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../wire/json.js';
import { refusals } from '../protocol.error.js';

const fieldsOf = new Map<Function, readonly string[]>();

/**
 * Takes the properties that a DTO declares out of a body, and nothing else, so that unknown ones are
 * neither an error nor forwarded (PROTOCOL.md, section 1). Throws a ProtocolError (400) that names the
 * first property that is wrong.
 */
export function readDto<T extends object>(
  type: new () => T,
  body: JsonValue | undefined,
): T {
  const given = readObject(body);
  const dto = new type();
  for (const field of declaredFields(type)) {
    if (Object.hasOwn(given, field)) {
      Object.assign(dto, { [field]: given[field] });
    }
  }
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

function declaredFields(type: Function): readonly string[] {
  let fields = fieldsOf.get(type);
  if (fields === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(
      type,
      '',
      false,
      false,
    );
    fields = [...new Set(rules.map(({ propertyName }) => propertyName))];
    fieldsOf.set(type, fields);
  }
  return fields;
}

/** The body of an endpoint whose parts the membership checks itself. Throws a ProtocolError (400) for no object. */
export function readObject(body: JsonValue | undefined): JsonObject {
  if (!isJsonObject(body)) {
    throw refusals.invalidBody('the body must be a JSON object');
  }
  return body;
}
