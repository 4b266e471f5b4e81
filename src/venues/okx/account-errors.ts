import { ConnectorError } from '../../domain/errors';
import { isObject, lineOf } from './fields';
import { authConsequence } from './refusals';
import { restError } from './rest-errors';

/** The order, or its instrument, is not known (any more). */
const NO_SUCH_ORDER: ReadonlySet<unknown> = new Set(['51603', '51001']);

/**
 * As `restError`. A refused key or signature is told apart, with the refusal as the cause: it is final,
 * a wrong clock is not.
 */
export function accountError(what: string, thrown: unknown): ConnectorError {
  const error = restError(what, thrown);
  if (error === thrown) return error;
  const { code, msg } = venueWords(thrown);
  const consequence = authConsequence(code);
  if (!consequence) return error;
  const cause = { code, text: lineOf(msg), ...consequence };
  return new ConnectorError('REST_FAILED', error.message, { retry: consequence.retry, cause });
}

export function isNoSuchOrder(thrown: unknown): boolean {
  return NO_SUCH_ORDER.has(venueWords(thrown).code);
}

/** {"code":"50113","msg":"Invalid Sign","data":[]} within what the SDK throws. */
function venueWords(thrown: unknown): { readonly code?: unknown; readonly msg?: unknown } {
  const { response } = (isObject(thrown) ? thrown : {}) as { response?: unknown };
  const { data } = (isObject(response) ? response : {}) as { data?: unknown };
  return isObject(data) ? data : {};
}
