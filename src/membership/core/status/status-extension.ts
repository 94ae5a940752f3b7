import type { JsonObject } from '../../../wire/json.js';
import type { MemberRecord } from '../member-list/index.js';

/** The `ext` part of `/status` and of its answer: what rides along between peers that have extensions. */
export interface StatusExtension {
  /**
   * What goes along with a request to a member; undefined where the member does not speak it.
   * @param updates the ones that come before others
   * @param extra what else the request asks; the updates have the room that it leaves
   */
  request(
    target: MemberRecord,
    updates?: readonly JsonObject[],
    extra?: JsonObject,
  ): JsonObject | undefined;
  /** What goes back with the answer to a member's request. */
  answer(request: JsonObject, sender: MemberRecord): JsonObject;
  /** Takes what came along. */
  read(ext: JsonObject | undefined, from: MemberRecord): void;
}

/** What a member may ask along with `/status`, by ids and never by addresses; what comes back joins the answer's extension part. */
export interface StatusService {
  serve(
    request: JsonObject,
    sender: MemberRecord,
  ): JsonObject | Promise<JsonObject>;
}
