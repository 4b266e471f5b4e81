import { ConnectorError } from '../../domain/errors';
import { isObject } from './fields';
import { authConsequence } from './refusals';
import { restError } from './rest-errors';

/** As `restError`, and a refused key or signature is told apart: it is final, a wrong clock is not. */
export function accountError(what: string, thrown: unknown): ConnectorError {
  const error = restError(what, thrown);
  if (error === thrown) return error;
  const consequence = authConsequence(venueCode(thrown));
  return consequence ? new ConnectorError('REST_FAILED', error.message, { retry: consequence.retry }) : error;
}

/** {"code":"50113","msg":"Invalid Sign","data":[]} within what the SDK throws. */
function venueCode(thrown: unknown): unknown {
  const { response } = (isObject(thrown) ? thrown : {}) as { response?: unknown };
  const { data } = (isObject(response) ? response : {}) as { data?: unknown };
  return ((isObject(data) ? data : {}) as { code?: unknown }).code;
}
