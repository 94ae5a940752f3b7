import type { Text } from '../../wire/text-parts.js';
import type { MessageOutcome } from '../message-outcome.js';
import { replyText } from '../reply-text.js';
import { BATCH_CHARS, GROUP, LARGE_CHARS } from './stream.constants.js';
import { endLine, FRAME } from './frames.js';
import { atTurnEnd } from './turn-end.js';

/** Collects replies and writes those of one turn of the event loop together. */
export class ReplyBatch {
  /** Largest reply in bytes that the other side takes. */
  maxBytes = Infinity;
  private text = '';
  private count = 0;
  private scheduled = false;

  constructor(private readonly write: (line: Text) => void) {}

  add(id: number, outcome: MessageOutcome): void {
    const { status, json } = replyText(outcome, this.maxBytes);
    this.text += `,${id},${status},`;
    this.count++;
    if (json.length >= LARGE_CHARS) {
      this.end(json);
      return;
    }
    this.text += json;
    if (this.count >= GROUP || this.text.length >= BATCH_CHARS) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      atTurnEnd(this.flushLater);
    }
  }

  /** Writes what there is at once. */
  flush(): void {
    if (this.count > 0) {
      this.end();
    }
  }

  /** @param large what the last reply has still to say */
  private end(large?: string): void {
    const begun = `["${FRAME.replies}"${this.text}`;
    this.text = '';
    this.count = 0;
    this.write(endLine(begun, large));
  }

  private readonly flushLater = () => {
    this.scheduled = false;
    this.flush();
  };
}
