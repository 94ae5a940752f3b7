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
  /** Lines of replies that others follow: those of a message come before its last. */
  #lines = '';
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
    this.#soon(this.#count >= GROUP || this.#text.length >= BATCH_CHARS);
  }

  /** A reply that others follow; returns how long its line is. */
  next(id: number, json: string): number {
    const begun = `["${FRAME.next}",${id},`;
    if (json.length >= LARGE_CHARS) {
      this.flush();
      this.#write(endLine(begun, json));
    } else {
      this.#lines += endLine(begun + json) as string;
      this.#soon(this.#lines.length >= BATCH_CHARS);
    }
    return begun.length + json.length + 1;
  }

  /** Writes what there is at once. */
  flush(): void {
    if (this.#count > 0) {
      this.#end();
    } else if (this.#lines !== '') {
      this.#write(this.#takeLines());
    }
  }

  #soon(now: boolean): void {
    if (now) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      atTurnEnd(this.#flushLater);
    }
  }

  #takeLines(): string {
    const lines = this.#lines;
    this.#lines = '';
    return lines;
  }

  /** @param large what the last reply has still to say */
  #end(large?: string): void {
    const begun = `${this.#takeLines()}["${FRAME.replies}"${this.#text}`;
    this.#text = '';
    this.#count = 0;
    this.#write(endLine(begun, large));
  }

  readonly #flushLater = () => {
    this.#scheduled = false;
    this.flush();
  };
}
