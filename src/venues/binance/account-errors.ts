import { ConnectorError } from '../../domain/errors';
import { isObject } from './fields';
import { refusalOf } from './refusals';
import { restError } from './rest-errors';

/** What axios throws. Unchecked: it comes from outside. */
interface Failure {
  readonly response?: { readonly status?: unknown; readonly headers?: unknown; readonly data?: unknown };
}

/** `retry: 'never'` means refused credentials here, and nothing else: it stops the whole account. */
export function accountError(what: string, thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  const { response }: Failure = isObject(thrown) ? thrown : {};
  const status = response?.status;
  const { code, msg } = venueWords(response?.data);
  const general = restError(what, thrown);
  // No answer, or a limit: nothing that the credentials have to do with.
  if (typeof status !== 'number' || general.code === 'REST_LIMITED') return general;
  const reason = refusalOf({ status, code, text: msg });
  // The refusal is the cause: venue code, words and what to look at, without the request.
  return new ConnectorError('REST_FAILED', general.message, { retry: reason.retry, cause: reason });
}

/** Venue code of an error made by `accountError`. */
export function venueCodeOf(error: unknown): string | undefined {
  if (!(error instanceof ConnectorError) || !isObject(error.cause)) return undefined;
  const { code } = error.cause as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** {"code":-2015,"msg":"Invalid API-key, IP, or permissions for action, request ip: 203.0.113.7"} */
function venueWords(data: unknown): { code?: number; msg?: unknown } {
  if (!isObject(data)) return {};
  const { code, msg } = data as { code?: unknown; msg?: unknown };
  return typeof code === 'number' ? { code, msg } : {};
}
