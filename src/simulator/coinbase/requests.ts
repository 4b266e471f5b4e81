/** What clients of both sockets say. */
export interface StreamRequest {
  readonly type: 'subscribe' | 'unsubscribe';
  readonly channel: unknown;
  readonly products: unknown;
  /** Who says so: a token, or the fields of a legacy key; undefined where there is neither. */
  readonly proof: StreamProof | undefined;
}

export type StreamProof =
  | { readonly token: unknown }
  | { readonly key: unknown; readonly timestamp: unknown; readonly signature: unknown };

/** Text: why it is no request. */
export function readRequest(text: string): StreamRequest | string {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return 'no JSON object';
    throw error;
  }
  if (typeof frame !== 'object' || frame === null) return 'no JSON object';
  const fields = frame as Readonly<Record<string, unknown>>;
  const { type, channel, product_ids: products } = fields;
  if (type !== 'subscribe' && type !== 'unsubscribe') return 'type is neither subscribe nor unsubscribe';
  return { type, channel, products, proof: proofIn(fields) };
}

function proofIn(fields: Readonly<Record<string, unknown>>): StreamProof | undefined {
  const { jwt: token, api_key: key, timestamp, signature } = fields;
  if (token !== undefined) return { token };
  return key === undefined ? undefined : { key, timestamp, signature };
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
