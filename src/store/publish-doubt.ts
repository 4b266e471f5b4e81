import { ConnectorError } from '../domain/errors';

/** A batch of publications broke off: Redis may have done more of it than it said. */
export class PublishDoubt extends ConnectorError {
  constructor(
    { message, cause }: ConnectorError,
    /** Messages, from the front, that Redis has certainly published. */
    readonly taken: number,
  ) {
    super('STORE_UNAVAILABLE', message, { cause });
  }
}
