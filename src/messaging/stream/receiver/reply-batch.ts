import type { Text } from '../../../util/text-parts.js';
import { replyText, type MessageOutcome } from '../../handlers/index.js';
import {
  atTurnEnd,
  BATCH_CHARS,
  endLine,
  FRAME,
  GROUP,
  LARGE_CHARS,
} from '../framing/index.js';

/** Collects replies and writes those of one turn of the event loop together. */
export class ReplyBatch {
  /** Largest reply in bytes that the other side takes. */
  maxBytes = Infinity;
  #text = '';
  #count = 0;
  #scheduled = false;

  readonly #write: (line: Text) => void;

  constructor(write: (line: Text) => void) {
    this.#write = write;
  }

  add(id: number, outcome: MessageOutcome): void {
    const { status, json } = replyText(outcome, this.maxBytes);
    this.#text += `,${id},${status},`;
    this.#count++;
    if (json.length >= LARGE_CHARS) {
      this.#end(json);
      return;
    }
    this.#text += json;
    if (this.#count >= GROUP || this.#text.length >= BATCH_CHARS) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      atTurnEnd(this.#flushLater);
    }
  }

  /** Writes what there is at once. */
  flush(): void {
    if (this.#count > 0) {
      this.#end();
    }
  }

  /** @param large what the last reply has still to say */
  #end(large?: string): void {
    const begun = `["${FRAME.replies}"${this.#text}`;
    this.#text = '';
    this.#count = 0;
    this.#write(endLine(begun, large));
  }

  readonly #flushLater = () => {
    this.#scheduled = false;
    this.flush();
  };
}
