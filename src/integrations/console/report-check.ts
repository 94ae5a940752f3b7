import type { JsonObject, JsonValue } from '../../index.js';
import type { PeerReport } from './console.types.js';

/** Whether what a peer sent can be shown as its report: it may be of another version, or anything. */
export function isReport(value: JsonValue): value is JsonValue & PeerReport {
  return (
    isObject(value) &&
    isText(value.version) &&
    (value.appVersion === undefined || isText(value.appVersion)) &&
    isText(value.node) &&
    isCount(value.uptime) &&
    isCount(value.memory) &&
    isText(value.list) &&
    isTexts(value.suspects) &&
    (value.members === undefined || isTexts(value.members)) &&
    isObject(value.rates) &&
    isCount(value.rates.sent) &&
    isCount(value.rates.received) &&
    isCounts(value.rates.failures) &&
    isCounts(value.rates.refusals)
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value.length <= 200;
}

function isTexts(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && value >= 0;
}

function isCounts(value: JsonValue | undefined): boolean {
  return isObject(value) && Object.values(value).every(isCount);
}
