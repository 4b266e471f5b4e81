// The way to the process: requests with the token, and the stream of events over fetch, as EventSource sends no header.

const TOKEN = 'connector-token';

export class Unauthorized extends Error {}

/** Kept for this tab only, never in the address. */
export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export function forgetToken() {
  sessionStorage.removeItem(TOKEN);
}

/** Fetches with the token, if there is one. Throws `Unauthorized` where it is missing or wrong. */
export async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { ...options, headers, cache: 'no-store' });
  if (response.status === 401) throw new Unauthorized();
  return response;
}

/** Events of a server-sent stream, until it ends. */
export async function* events(path, signal) {
  const response = await request(path, { signal });
  if (!response.ok) throw new Error(response.status === 503 ? 'too many viewers' : `HTTP ${response.status}`);
  let rest = '';
  for await (const part of textsOf(response.body)) {
    const blocks = (rest + part).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) yield eventOf(block);
  }
}

async function* textsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

function eventOf(block) {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return { event: fields.event, data: JSON.parse(fields.data) };
}
