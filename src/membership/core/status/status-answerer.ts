import { isJsonObject, type JsonObject } from '../../../wire/json.js';
import type { PeerStatus } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import { speaks, type MemberRecord } from '../member-list/index.js';
import type { RequestOrigin } from '../membership.types.js';
import type { StatusExtension, StatusService } from './status-caller.js';

/** Answers `/status`: about this peer for everybody, with the extension part for members that speak it. */
export class StatusAnswerer {
  readonly #ctx: CoreContext;
  readonly #extension: StatusExtension;
  readonly #services: readonly StatusService[];

  /** @param services asked one after the other */
  constructor(
    ctx: CoreContext,
    extension: StatusExtension,
    services: readonly StatusService[],
  ) {
    this.#ctx = ctx;
    this.#extension = extension;
    this.#services = services;
  }

  async receive(
    body: JsonObject,
    { senderId }: RequestOrigin,
  ): Promise<PeerStatus> {
    const sender =
      senderId === undefined ? undefined : this.#ctx.list.peek(senderId);
    if (!sender || !isJsonObject(body.ext) || !speaks(sender, 'gossip')) {
      return this.status();
    }
    const request = body.ext;
    this.#extension.read(request, sender);
    const extra = await this.#serve(request, sender);
    const ext = this.#extension.answer(request, sender);
    // What came along may have changed this peer itself, so its own part comes last.
    return { ...this.status(), ext: { ...ext, ...extra } };
  }

  /** What this peer says of itself. */
  status(): PeerStatus {
    const { self, list, life } = this.#ctx;
    const { id, features, incarnation, cloud, scheme } = self.record;
    const status: PeerStatus = {
      id,
      online: !life.leaving,
      listening: true,
      joined: list.size > 0 && !life.leaving,
      features,
      incarnation,
    };
    if (cloud !== undefined) {
      status.cloud = cloud;
    }
    if (scheme !== undefined) {
      status.scheme = scheme;
    }
    return status;
  }

  async #serve(request: JsonObject, sender: MemberRecord): Promise<JsonObject> {
    const extra: JsonObject = {};
    for (const service of this.#services) {
      Object.assign(extra, await service.serve(request, sender));
    }
    return extra;
  }
}
