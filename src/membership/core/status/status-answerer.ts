import { isPeerId } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../../wire/json.js';
import type { PeerStatus } from '../../../wire/requests.js';
import type { CoreContext } from '../core-context.js';
import {
  speaksGossip,
  type GossipExtension,
} from '../dissemination/gossip-extension.js';
import type { LegacyCare } from '../legacy/legacy-care.js';
import { Semaphore } from '../../../util/semaphore.js';
import type { MemberRecord } from '../member-list/member-record.js';
import { MAX_INDIRECT_PROBES } from '../options/membership.limits.js';
import type { RequestOrigin } from '../membership.types.js';
import type { Prober } from '../failure-detection/prober.js';

/** Answers `/status`: about this peer for everybody, with the extension part for members that use it. */
export class StatusAnswerer {
  readonly #limiter = new Semaphore(MAX_INDIRECT_PROBES, 0);

  readonly #ctx: CoreContext;
  readonly #extension: GossipExtension;
  readonly #prober: Prober;
  readonly #legacyCare: LegacyCare;

  constructor(
    ctx: CoreContext,
    extension: GossipExtension,
    prober: Prober,
    legacyCare: LegacyCare,
  ) {
    this.#ctx = ctx;
    this.#extension = extension;
    this.#prober = prober;
    this.#legacyCare = legacyCare;
  }

  async receive(
    body: JsonObject,
    { senderId }: RequestOrigin,
  ): Promise<PeerStatus> {
    const sender =
      senderId === undefined ? undefined : this.#ctx.list.peek(senderId);
    if (!sender) {
      return this.status();
    }
    if (!isJsonObject(body.ext) || !speaksGossip(sender)) {
      return this.status();
    }
    const request = body.ext;
    this.#extension.read(request, sender);
    const extra = await this.#serve(request, sender);
    const ext = this.#extension.answer(request, sender);
    // What was heard may have changed this peer itself, so its own part comes last.
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

  /** Services for the sender: an indirect check, and what concerns legacy members. By id, never by address. */
  async #serve(request: JsonObject, sender: MemberRecord): Promise<JsonObject> {
    const extra: JsonObject = {};
    if (isPeerId(request.probe)) {
      const probe = await this.#probe(request.probe);
      if (probe) {
        extra.probe = probe;
      }
    }
    return { ...extra, ...(await this.#legacyCare.serve(request, sender)) };
  }

  async #probe(id: string): Promise<JsonObject | undefined> {
    const target = this.#ctx.list.peek(id);
    if (!target) {
      return undefined;
    }
    const result = await this.#limiter.run(() => this.#prober.forOther(target));
    return result && { id, ...result };
  }
}
