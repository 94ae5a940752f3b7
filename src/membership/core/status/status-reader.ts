import { isPeerId } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../../wire/json.js';
import type { PeerStatus } from '../../../wire/requests.js';
import { MAX_CLOUD_LENGTH } from '../options/membership.limits.js';
import { readFeatures, readIncarnation } from '../member-list/record-reader.js';

/** Reads the answer to `/status`. Whatever is not as it should be counts as absent. */
export function readStatus(body: JsonObject | undefined): PeerStatus {
  if (!body) {
    return { online: true };
  }
  const status: PeerStatus = { online: body.online !== false };
  if (isPeerId(body.id)) {
    status.id = body.id;
  }
  if (typeof body.listening === 'boolean') {
    status.listening = body.listening;
  }
  if (typeof body.joined === 'boolean') {
    status.joined = body.joined;
  }
  const features = readFeatures(body.features);
  if (features) {
    status.features = features;
  }
  const incarnation = readIncarnation(body.incarnation);
  if (incarnation !== undefined) {
    status.incarnation = incarnation;
  }
  if (typeof body.cloud === 'string' && body.cloud.length <= MAX_CLOUD_LENGTH) {
    status.cloud = body.cloud;
  }
  if (body.scheme === 'https') {
    status.scheme = 'https';
  }
  if (isJsonObject(body.ext)) {
    status.ext = body.ext;
  }
  return status;
}
