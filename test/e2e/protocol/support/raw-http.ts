import { request, type ClientRequest, type IncomingMessage } from 'node:http';

/** An answer as it came, its body as text. */
export interface RawAnswer {
  status: number;
  text: string;
}

/** Opens a POST whose body is written by hand; without a length it goes out in chunks. */
export function openPost(
  url: string,
  headers: Record<string, string> = {},
): { outgoing: ClientRequest; answer: Promise<RawAnswer> } {
  const outgoing = request(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const answer = new Promise<RawAnswer>((resolve, reject) => {
    outgoing.once('response', (incoming) => void read(incoming).then(resolve));
    outgoing.once('error', reject);
  });
  return { outgoing, answer };
}

async function read(incoming: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  return { status: incoming.statusCode ?? 0, text };
}
