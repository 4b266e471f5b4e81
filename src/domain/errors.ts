/** What the caller may do after a failure. `afterMs` counts from now. */
export type Retry = 'never' | 'backoff' | { readonly afterMs: number };

/** Stable codes; callers branch on them, never on message text. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'COMMAND_INVALID'
  | 'DIAL_FAILED'
  | 'DIAL_TIMEOUT'
  | 'DIAL_REFUSED'
  | 'FRAME_TOO_LARGE'
  | 'REST_FAILED'
  | 'REST_TIMEOUT'
  | 'REST_LIMITED'
  | 'REST_BAD_ANSWER'
  | 'BROKER_UNAVAILABLE'
  | 'STORE_UNAVAILABLE'
  | 'OUTBOX_FULL'
  | 'WORKER_DIED'
  | 'STOPPED'
  | 'DESCRIPTOR_INVALID';

/**
 * The one error class of the project. `message` never holds a credential, a signed request or a
 * whole body; `retry` tells what follows, `cause` keeps the original.
 */
export class ConnectorError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;

  constructor(code: ErrorCode, message: string, options: { retry?: Retry; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ConnectorError';
    this.code = code;
    this.retry = options.retry ?? 'backoff';
  }
}

/** A short, secret-free text for any thrown value. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return typeof thrown === 'string' ? thrown : 'unknown failure';
}
