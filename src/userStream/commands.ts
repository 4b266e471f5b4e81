import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConnectorError } from '../domain/errors';
import type { Credentials } from '../venues/contract';

/** The seed's input of `openStream`. Further fields of `api` are the backend's (contract 1.4). */
export interface OpenStreamInput {
  readonly userId: string;
  readonly api: {
    readonly key: string;
    readonly secret: string;
    readonly passphrase?: string | null;
    /** Exchange id, e.g. `binance` or `paperBinance`. */
    readonly provider: string;
    readonly environment?: Environment | null;
    readonly keysType?: string | null;
    readonly okxSource?: string | null;
    readonly bybitHost?: string | null;
    readonly subaccount?: boolean | null;
  };
}

/** Whose account, where, and how to log in. Holds secrets. */
export interface Access {
  readonly exchange: string;
  readonly credentials: Credentials;
  /** Absent: what this deployment has set for the venue. */
  readonly environment: Environment | undefined;
}

type Environment = 'live' | 'sandbox';

export type Command =
  | { readonly do: 'open'; readonly room: string; readonly userId: string; readonly access: Access }
  /** Changed credentials of a known room; no further subscriber. */
  | { readonly do: 'rekey'; readonly room: string; readonly access: Access }
  | { readonly do: 'close'; readonly room: string }
  /** Without a room: all of them. */
  | { readonly do: 'restart'; readonly room: string | undefined }
  /** An event that we do not know: acknowledged and forgotten. */
  | { readonly do: 'ignore' };

const word = z.string().trim().max(10_000);
const optional = word.nullish();
const Api = z.object({
  key: word.min(1),
  secret: word.min(1),
  passphrase: optional,
  provider: word.min(1).max(40),
  environment: z.enum(['live', 'sandbox']).nullish(),
  keysType: optional,
  okxSource: optional,
  bybitHost: optional,
});
const Open = z.object({ userId: word.min(1).max(200), api: Api });
/** A room id is a channel and part of a routing key, which AMQP bounds in bytes. */
const RoomId = z
  .string()
  .trim()
  .regex(/^[!-~]{1,190}$/, 'must be 1 to 190 printable characters without blanks');
const Message = z.object({
  payload: z.object({ event: z.string(), uuid: z.unknown().optional(), data: z.unknown().optional() }),
});

/** Body of a `usersStreamAction` message. Throws COMMAND_INVALID naming the field, never showing a value. */
export function parseCommand(body: Buffer): Command {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // The cause would quote the body, which may hold credentials.
    throw invalid('the body is not JSON');
  }
  const { payload } = checked(Message, parsed);
  const { event, uuid, data } = payload;
  switch (event) {
    case 'open stream':
      return openCommand(data, roomOf(uuid));
    case 'close stream':
      return { do: 'close', room: required(roomOf(uuid)) };
    case 'force restart stream':
      return { do: 'restart', room: roomOf(uuid) };
    default:
      return { do: 'ignore' };
  }
}

function roomOf(uuid: unknown): string | undefined {
  return checked(z.object({ uuid: RoomId.nullish() }), { uuid }).uuid ?? undefined;
}

function required(room: string | undefined): string {
  if (room === undefined) throw invalid('uuid: missing');
  return room;
}

/** The same for a call from code. */
export function openInput(input: OpenStreamInput, room?: string): Extract<Command, { do: 'open' }> {
  const { userId, api } = checked(Open, input);
  return { do: 'open', room: roomOf(room) ?? roomIdOf(userId, api), userId, access: accessOf(api) };
}

function openCommand(data: unknown, room: string | undefined): Command {
  const isFlat = typeof data === 'object' && data !== null && !('api' in data) && 'provider' in data;
  if (!isFlat) return openInput(data as OpenStreamInput, room);
  // After a key change the backend sends the credentials without userId and api (contract 1.4).
  return { do: 'rekey', room: required(room), access: accessOf(checked(Api, data)) };
}

function accessOf(api: z.infer<typeof Api>): Access {
  const { keysType, okxSource, bybitHost } = api;
  const named = Object.entries({ keysType, okxSource, bybitHost }).filter(([, value]) => value);
  return {
    exchange: api.provider,
    environment: api.environment ?? undefined,
    credentials: {
      key: restorePem(api.key),
      secret: restorePem(api.secret),
      passphrase: api.passphrase ?? '',
      options: Object.fromEntries(named) as Record<string, string>,
    },
  };
}

/** A PEM that travelled through a form lost its line breaks. */
function restorePem(text: string): string {
  const pem = /^(-----BEGIN [^-]+-----)([\s\S]*?)(-----END [^-]+-----)$/.exec(text);
  if (!pem) return text;
  const [, begin = '', body = '', end = ''] = pem;
  return `${begin}\n${body.trim().split(/\s+/).join('\n')}\n${end}`;
}

/** Room id of a command without uuid (contract 1.5); a missing value contributes its name in JavaScript. */
function roomIdOf(userId: string, api: z.infer<typeof Api>): string {
  const { key, secret, provider, passphrase, keysType, okxSource } = api;
  const parts = [userId, key, secret, provider, passphrase, keysType, okxSource];
  return createHash('sha1').update(parts.map(String).join('')).digest('hex');
}

/** Where the account lives: the request decides, else the deployment. `demos`: venues whose accounts are demo ones there. */
export function environmentOf(
  { environment }: Pick<Access, 'environment'>,
  venue: string,
  demos: readonly string[],
): Environment {
  return environment ?? (demos.includes(venue) ? 'sandbox' : 'live');
}

/** Tells whether two logins are the same without keeping either. */
export function fingerprint({ exchange, credentials, environment }: Access): string {
  const { key, secret, passphrase, options } = credentials;
  const text = JSON.stringify([
    key,
    secret,
    passphrase,
    Object.entries(options).sort(),
    environment,
    exchange,
  ]);
  return createHash('sha256').update(text).digest('hex');
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${issue?.path.join('.') || 'payload'}: ${issue?.message ?? 'invalid'}`);
}

function invalid(problem: string): ConnectorError {
  return new ConnectorError('COMMAND_INVALID', problem, { retry: 'never' });
}
