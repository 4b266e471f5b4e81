import type { Account } from '../contract';

interface Region {
  readonly live: string;
  readonly demo: string;
  readonly rest: string;
}

/**
 * A key lives in one region; elsewhere it is unknown (60032, 50119). Words of the backend's `okxSource`.
 * https://www.okx.com/docs-v5/en/#overview-production-trading-services, and the same page of my.okx.com
 * (EEA) and app.okx.com (US, AU). Never a port: 8443 was closed on 2026-10-31.
 */
const REGIONS: Readonly<Record<'com' | 'my' | 'app', Region>> = {
  com: { live: 'wss://ws.okx.com', demo: 'wss://wspap.okx.com', rest: 'https://openapi.okx.com' },
  my: { live: 'wss://wseea.okx.com', demo: 'wss://wseeapap.okx.com', rest: 'https://eea.okx.com' },
  app: { live: 'wss://wsus.okx.com', demo: 'wss://wsuspap.okx.com', rest: 'https://us.okx.com' },
};

/** Private stream of the account: the demo has hosts of its own. */
export function privateUrlOf(account: Account): string {
  const { live, demo } = regionOf(account);
  return `${isDemo(account) ? demo : live}/ws/v5/private`;
}

/** The demo shares the REST host: a header tells the two apart. */
export function restUrlOf(account: Account): string {
  return regionOf(account).rest;
}

export function isDemo({ environment }: Account): boolean {
  return environment === 'sandbox';
}

/** True for accounts of the European entity, the only ones that trade X-Perps. */
export function isEuropean({ credentials }: Account): boolean {
  return credentials.options['okxSource'] === 'my';
}

function regionOf({ credentials }: Account): Region {
  const source = credentials.options['okxSource'];
  return source === 'my' || source === 'app' ? REGIONS[source] : REGIONS.com;
}
