import {
  createHash,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { TransportError } from '../../transport/transport.error.js';
import { STREAM_PATH } from '../../wire/endpoints.js';
import {
  type AnswerContext,
  signStreamAnswer,
  verifyStreamAnswer,
  verifyStreamRefusal,
} from '../signature/answer-signature.js';
import type { Keyring } from '../keys/keyring.js';
import { encodeKey, sharedSecret } from '../keys/sealed-secret.js';
import type { MessageSigner } from '../signature/message-signer.js';
import {
  BOOT_HEADER,
  SIGNATURE_HEADER,
  STREAM_KEY_HEADER,
} from '../signature/signature-format.js';
import type {
  StreamAcceptance,
  StreamCodec,
  StreamOpening,
  StreamSecurity,
} from '../security.interface.js';
import { SealedCodec } from './sealed-codec.js';

const KEY_BYTES = 32;
const CONTEXT = 'nestjs-peercloud stream';

/**
 * Opens streams of a signed cloud. Both sides send an ephemeral X25519 key in their signed headers;
 * the keys of the stream come out of the exchange and out of both signatures, so that they belong to
 * this stream only and are gone with it.
 */
export class SignedStreamSecurity implements StreamSecurity {
  readonly #signer: MessageSigner;
  readonly #keyring: Keyring;

  constructor(signer: MessageSigner, keyring: Keyring) {
    this.#signer = signer;
    this.#keyring = keyring;
  }

  open(receiverId: string): StreamOpening {
    const pair = generateKeyPairSync('x25519');
    const headers = this.#signer.signHeaders(
      { method: 'GET', path: STREAM_PATH, receiverId },
      { [STREAM_KEY_HEADER]: encodeKey(pair.publicKey) },
    );
    return {
      headers,
      accept: (answer) =>
        this.#accept(receiverId, pair.privateKey, headers, answer),
      refused: (status, answer) =>
        this.#refused(receiverId, headers, status, answer),
    };
  }

  #refused(
    receiverId: string,
    request: Record<string, string>,
    status: number,
    headers: IncomingHttpHeaders,
  ): boolean {
    const answer = { status, headers };
    try {
      const signature = request[SIGNATURE_HEADER]!;
      const signerId = verifyStreamRefusal(this.#keyring, signature, answer);
      const boot = request[BOOT_HEADER];
      return this.#signer.learn(receiverId, signerId, answer, boot);
    } catch {
      // An unsigned refusal says nothing.
      return false;
    }
  }

  #accept(
    receiverId: string,
    privateKey: KeyObject,
    request: Record<string, string>,
    headers: IncomingHttpHeaders,
  ): StreamCodec {
    const requestSignature = request[SIGNATURE_HEADER]!;
    const signerId = verifyStreamAnswer(
      this.#keyring,
      requestSignature,
      headers,
    );
    if (signerId !== receiverId) {
      throw new TransportError(
        'BAD_ANSWER',
        `the stream to ${receiverId} is answered by ${signerId}`,
      );
    }
    const secret = sharedSecret(privateKey, String(headers[STREAM_KEY_HEADER]));
    if (!secret) {
      throw new TransportError('BAD_ANSWER', 'the key of the stream is no key');
    }
    const [toReceiver, toOpener] = deriveKeys(
      secret,
      requestSignature,
      String(headers[SIGNATURE_HEADER]),
    );
    return new SealedCodec(toReceiver, toOpener);
  }
}

/**
 * The receiver's half: signs the answer that opens the stream and derives the keys. Undefined if the
 * opener's key is none.
 */
export function acceptStream(
  context: AnswerContext,
  openerKey: string,
): StreamAcceptance | undefined {
  const pair = generateKeyPairSync('x25519');
  const secret = sharedSecret(pair.privateKey, openerKey);
  if (!secret) {
    return undefined;
  }
  const headers = signStreamAnswer(context, encodeKey(pair.publicKey));
  const [toReceiver, toOpener] = deriveKeys(
    secret,
    context.requestSignature,
    headers[SIGNATURE_HEADER]!,
  );
  return { headers, codec: new SealedCodec(toOpener, toReceiver) };
}

/** The keys of the two directions: opener to receiver, receiver to opener. */
function deriveKeys(
  secret: Buffer,
  requestSignature: string,
  answerSignature: string,
): [Buffer, Buffer] {
  const salt = createHash('sha256')
    .update(requestSignature)
    .update(answerSignature)
    .digest();
  const keys = Buffer.from(
    hkdfSync('sha256', secret, salt, CONTEXT, 2 * KEY_BYTES),
  );
  return [keys.subarray(0, KEY_BYTES), keys.subarray(KEY_BYTES)];
}
