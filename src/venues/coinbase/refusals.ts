import { ConnectorError, type Retry } from '../../domain/errors';
import type { Refusal } from '../contract';
import { isObject, lineOf } from './fields';
import type { Reply } from './http';
import type { KeysType } from './signing';

/** Why a signed call was refused, as far as the venue lets it be told. */

/** 401 `Unauthorized`: name, secret and signature are refused alike. */
export function refusalOfKey(kind: KeysType): Refusal {
  const text = `the ${kind} key is refused`;
  return { code: 'HTTP_401', text, retry: 'never', cause: 'credentials' };
}

/** The same answer, while our clock was off. */
export function refusalOfClock(): Refusal {
  return { code: 'HTTP_401', text: 'the signature was out of its time', retry: 'backoff', cause: 'clock' };
}

/** The venue knows the key, and that it may not look. */
export const MAY_NOT_VIEW: Refusal = {
  code: 'MAY_NOT_VIEW',
  text: 'the key may not view',
  retry: 'never',
  cause: 'permission',
};

/**
 * {"error":"PERMISSION_DENIED","error_details":"Missing required scopes","message":"Missing required scopes"}
 * Undefined: the refusal does not speak of rights.
 */
export function refusalOfRights({ answer }: Reply): Refusal | undefined {
  const { error, error_details, message } = (isObject(answer) ? answer : {}) as Readonly<
    Record<string, unknown>
  >;
  const words = `${lineOf(error_details)} ${lineOf(message)}`;
  return error === 'PERMISSION_DENIED' || SCOPES.test(words) ? MAY_NOT_VIEW : undefined;
}

const SCOPES = /missing required scopes/i;

/** Any other 403: a firewall, a region, or an address that is not on the key's list; it may be let in again. */
export function refusalOfAddress(retry: Retry): Refusal {
  return { code: 'HTTP_403', text: 'the address is refused', retry, cause: 'ip' };
}

/** The error of a call with what the refusal says; the refusal is its cause. */
export function refused({ code, message }: ConnectorError, reason: Refusal): ConnectorError {
  return new ConnectorError(code, `${message}: ${reason.text}`, { retry: reason.retry, cause: reason });
}

/** The refusal behind a failed call, if it was one. */
export function refusalBehind(error: unknown): Refusal | undefined {
  if (!(error instanceof ConnectorError) || !isObject(error.cause)) return undefined;
  return 'retry' in error.cause && 'text' in error.cause ? (error.cause as Refusal) : undefined;
}
