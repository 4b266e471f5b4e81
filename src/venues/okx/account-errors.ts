import { ConnectorError } from '../../domain/errors';
import { isObject, lineOf } from './fields';
import { authConsequence } from './refusals';
import { restError } from './rest-errors';

/** What is not known (any more): the order, or its instrument. */
const ABSENT: ReadonlyMap<unknown, 'no such order' | 'no such instrument'> = new Map([
  ['51603', 'no such order'],
  ['51001', 'no such instrument'],
]);

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

export function absenceOf(thrown: unknown): 'no such order' | 'no such instrument' | undefined {
  return ABSENT.get(venueWords(thrown).code);
}

/** {"code":"50113","msg":"Invalid Sign","data":[]} within what the SDK throws. */
function venueWords(thrown: unknown): { readonly code?: unknown; readonly msg?: unknown } {
  const { response } = (isObject(thrown) ? thrown : {}) as { response?: unknown };
  const { data } = (isObject(response) ? response : {}) as { data?: unknown };
  return isObject(data) ? data : {};
}
