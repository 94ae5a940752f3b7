import type { MessageOutcome } from '../message-outcome.js';
import { replyText } from '../reply-text.js';
import { BATCH_CHARS, GROUP } from './stream.constants.js';
import { FRAME } from './frames.js';

/** Collects replies and writes those of one turn of the event loop together. */
export class ReplyBatch {
  /** Largest reply in bytes that the other side takes. */
  maxBytes = Infinity;
  private text = '';
  private count = 0;
  private scheduled = false;

  constructor(private readonly write: (line: string) => void) {}

  add(id: number, outcome: MessageOutcome): void {
    this.text += this.frame(id, outcome);
    this.count++;
    if (this.count >= GROUP || this.text.length >= BATCH_CHARS) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(this.flushLater);
    }
  }

  /** Writes what there is at once. */
  flush(): void {
    if (this.count > 0) {
      const line = `["${FRAME.replies}"${this.text}]\n`;
      this.text = '';
      this.count = 0;
      this.write(line);
    }
  }

  private readonly flushLater = () => {
    this.scheduled = false;
    this.flush();
  };

  private frame(id: number, outcome: MessageOutcome): string {
    const { status, json } = replyText(outcome, this.maxBytes);
    return `,${id},${status},${json}`;
  }
}
