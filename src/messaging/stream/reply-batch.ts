import { FAILED, refusal, type MessageOutcome } from '../message-outcome.js';
import { BATCH_CHARS } from './stream.constants.js';
import { FRAME } from './frames.js';

const TOO_LARGE = refusal(
  500,
  'the reply is larger than its receiver takes',
  'REPLY_TOO_LARGE',
);

/** Collects replies and writes them once in a turn of the event loop. */
export class ReplyBatch {
  /** Largest reply in bytes that the other side takes. */
  maxBytes = Infinity;
  private text = '';
  private scheduled = false;

  constructor(private readonly write: (line: string) => void) {}

  add(id: number, outcome: MessageOutcome): void {
    this.text += this.frame(id, outcome);
    if (this.text.length >= BATCH_CHARS) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(this.flushLater);
    }
  }

  /** Writes what there is at once. */
  flush(): void {
    if (this.text !== '') {
      const line = `["${FRAME.replies}"${this.text}]\n`;
      this.text = '';
      this.write(line);
    }
  }

  private readonly flushLater = () => {
    this.scheduled = false;
    this.flush();
  };

  private frame(id: number, outcome: MessageOutcome): string {
    const { status, payload } = outcome;
    const json = serialise(payload);
    if (json === undefined) {
      return this.frame(id, FAILED);
    }
    if (
      json.length * 3 > this.maxBytes &&
      Buffer.byteLength(json) > this.maxBytes
    ) {
      return this.frame(id, TOO_LARGE);
    }
    return `,${id},${status},${json}`;
  }
}

/** JSON text; undefined for what JSON cannot carry. */
function serialise(payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload) ?? '{}';
  } catch {
    return undefined;
  }
}
