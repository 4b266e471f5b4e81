import type { Account } from '../contract';

/** https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-endpoints */
export const USER_STREAM = 'wss://advanced-trade-ws-user.coinbase.com';
/** Not documented; the REST sandbox is: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/sandbox */
const SANDBOX_STREAM = 'wss://advanced-trade-ws-user-sandbox.coinbase.com';
const SANDBOX_REST = 'https://api-sandbox.coinbase.com/api/v3/brokerage';

export function userStreamOf({ environment }: Account): string {
  return environment === 'sandbox' ? SANDBOX_STREAM : USER_STREAM;
}

export function restUrlOf({ environment, market }: Account): string {
  return environment === 'sandbox' ? SANDBOX_REST : market.endpoints.rest;
}
