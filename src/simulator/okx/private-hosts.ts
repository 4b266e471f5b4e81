/** Where a key lives: one region, and either live or demo trading. */
export interface Realm {
  readonly region: 'global' | 'eea' | 'us';
  readonly isDemo: boolean;
}

/** https://www.okx.com/docs-v5/en/#overview-production-trading-services and its EEA and US editions. */
export const WS_REALMS: Readonly<Record<string, Realm>> = {
  'wss://ws.okx.com': { region: 'global', isDemo: false },
  'wss://wspap.okx.com': { region: 'global', isDemo: true },
  'wss://wseea.okx.com': { region: 'eea', isDemo: false },
  'wss://wseeapap.okx.com': { region: 'eea', isDemo: true },
  'wss://wsus.okx.com': { region: 'us', isDemo: false },
  'wss://wsuspap.okx.com': { region: 'us', isDemo: true },
};

/** The demo is told by a header. */
export const REST_REGIONS: Readonly<Record<string, Realm['region']>> = {
  'https://openapi.okx.com': 'global',
  'https://www.okx.com': 'global',
  'https://eea.okx.com': 'eea',
  'https://us.okx.com': 'us',
};
