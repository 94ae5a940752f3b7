import { LOOK_AGAIN } from './stream.constants.js';
import { StreamRefusedError } from './stream-refused.error.js';

/** This peer has as many streams open as it may; internal, the messages then go another way. */
export class NoStreamPlaceError extends StreamRefusedError {
  constructor() {
    super(undefined, false);
  }

  override get pause(): number {
    return LOOK_AGAIN;
  }
}
