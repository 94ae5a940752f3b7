import { SIGNATURE_LABEL } from './signature.constants.js';

/** Parameters of a request's signature; an answer's has `created`, `keyid` and `tag` only. */
export interface RequestSignatureParameters {
  /** Unix time in seconds. */
  created: number;
  expires: number;
  /** Start of the sender's counter: Unix time in ms. */
  boot: number;
  counter: number;
  keyId: string;
}

/** What is read from `signature-input`. */
export interface ParsedInput<T> {
  /** The inner list of component identifiers, exactly as it stands there. */
  components: string;
  /** Inner list and parameters: what the last line of the signature base repeats. */
  parameters: string;
  values: T;
}

const LABEL = `${SIGNATURE_LABEL}=`;
const TAG = `tag="${SIGNATURE_LABEL}"`;
const COMPONENTS = String.raw`(\([^()]{1,256}\))`;
const KEY_ID = String.raw`keyid="([\w-]{1,128})"`;
const REQUEST_INPUT = new RegExp(
  String.raw`^${LABEL}(${COMPONENTS};created=(\d{1,12});expires=(\d{1,12});nonce="(\d{1,15})\.(\d{1,15})";${KEY_ID};${TAG})$`,
);
const ANSWER_INPUT = new RegExp(
  String.raw`^${LABEL}(${COMPONENTS};created=(\d{1,12});${KEY_ID};${TAG})$`,
);
const SIGNATURE = new RegExp(
  String.raw`^${LABEL}:([A-Za-z0-9+/]{43,86}={0,2}):$`,
);

/** Parameters for the signature of a request, after its component list. */
export function requestParameters(
  components: string,
  values: RequestSignatureParameters,
): string {
  const { created, expires, boot, counter, keyId } = values;
  return `${components};created=${created};expires=${expires};nonce="${boot}.${counter}";keyid="${keyId}";${TAG}`;
}

/** Parameters for the signature of an answer, after its component list. */
export function answerParameters(
  components: string,
  created: number,
  keyId: string,
): string {
  return `${components};created=${created};keyid="${keyId}";${TAG}`;
}

/**
 * Reads `signature-input` of a request. One signature in this project's own order of parameters is all
 * that is understood: whatever could be read in two ways is refused (undefined).
 */
export function parseRequestInput(
  header: unknown,
): ParsedInput<RequestSignatureParameters> | undefined {
  const match = typeof header === 'string' && REQUEST_INPUT.exec(header);
  if (!match) {
    return undefined;
  }
  return {
    parameters: match[1]!,
    components: match[2]!,
    values: {
      created: Number(match[3]),
      expires: Number(match[4]),
      boot: Number(match[5]),
      counter: Number(match[6]),
      keyId: match[7]!,
    },
  };
}

/** Reads `signature-input` of an answer; undefined for everything that is not exactly as it should be. */
export function parseAnswerInput(
  header: unknown,
): ParsedInput<{ created: number; keyId: string }> | undefined {
  const match = typeof header === 'string' && ANSWER_INPUT.exec(header);
  if (!match) {
    return undefined;
  }
  return {
    parameters: match[1]!,
    components: match[2]!,
    values: { created: Number(match[3]), keyId: match[4]! },
  };
}

/** Value of the `signature` header. */
export function formatSignature(signature: Buffer): string {
  return `${LABEL}:${signature.toString('base64')}:`;
}

/** The signature in a `signature` header: undefined unless it has exactly one, ours. */
export function parseSignature(header: unknown): Buffer | undefined {
  const match = typeof header === 'string' && SIGNATURE.exec(header);
  return match ? Buffer.from(match[1]!, 'base64') : undefined;
}

/** A `signature` header without its label: what an answer to it covers. */
export function signatureMember(header: string): string {
  return header.slice(LABEL.length);
}
