import type { Retry } from '../../domain/errors';
import type { RefusalCause } from '../contract';

export interface Consequence {
  readonly retry: Retry;
  readonly cause: RefusalCause;
}

const CREDENTIALS: Consequence = { retry: 'never', cause: 'credentials' };
const PERMISSION: Consequence = { retry: 'never', cause: 'permission' };
const IP: Consequence = { retry: 'never', cause: 'ip' };
/** Our timestamp was off, by more than 30 s: measured again, it will do. */
const CLOCK: Consequence = { retry: 'backoff', cause: 'clock' };

/**
 * Codes that speak of the key or the signature, of the socket (60xxx) and of REST (50xxx; some come by
 * the socket as well).
 * https://www.okx.com/docs-v5/en/#error-code-websocket, https://www.okx.com/docs-v5/en/#error-code-rest-api
 */
const CONSEQUENCES: ReadonlyMap<string, Consequence> = new Map([
  ['60004', CLOCK], // invalid timestamp
  ['60006', CLOCK], // timestamp expired
  ['60005', CREDENTIALS], // invalid key
  ['60007', CREDENTIALS], // invalid signature
  ['60009', CREDENTIALS], // login failed
  ['60024', CREDENTIALS], // wrong passphrase
  ['60032', CREDENTIALS], // unknown key: mostly one of another region
  ['50100', PERMISSION], // API frozen
  ['50101', CREDENTIALS], // key of the other environment (live, demo)
  ['50102', CLOCK], // timestamp expired
  ['50103', CREDENTIALS], // key empty
  ['50104', CREDENTIALS], // passphrase empty
  ['50105', CREDENTIALS], // wrong passphrase
  ['50106', CREDENTIALS], // signature empty
  ['50108', CREDENTIALS], // key of another exchange id
  ['50109', CREDENTIALS], // key of another domain
  ['50110', IP], // not on the key's list
  ['50111', CREDENTIALS], // invalid key
  ['50112', CLOCK], // invalid timestamp
  ['50113', CREDENTIALS], // invalid signature
  ['50114', CREDENTIALS], // invalid authorization
  ['50118', IP], // the broker's address is missing
  ['50119', CREDENTIALS], // unknown key: mostly one of another region
  ['50120', PERMISSION], // the key may not do this
  ['50121', IP], // this address may not use the service
]);

/** What follows from a refused key or signature; undefined: the code speaks of something else. */
export function authConsequence(code: unknown): Consequence | undefined {
  return typeof code === 'string' ? CONSEQUENCES.get(code) : undefined;
}
