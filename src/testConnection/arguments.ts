import { parseArgs } from 'node:util';

export interface TestOptions {
  readonly exchange: string;
  /** Absent: that of ENVOKX or BITGETENV, as the process would choose. */
  readonly environment: 'live' | 'sandbox' | undefined;
  /** Infinity: until Ctrl-C. */
  readonly seconds: number;
  readonly okxSource: string | undefined;
  readonly bybitHost: string | undefined;
  readonly keysType: string | undefined;
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  readonly isHelp: boolean;
}

export const USAGE = `npm run test:connection -- --exchange NAME [options]

Opens one account stream, prints its events, and says whether the key works. Needs neither RabbitMQ nor Redis.
Key, secret and passphrase come from TEST_CONNECTION_KEY, TEST_CONNECTION_SECRET and TEST_CONNECTION_PASSPHRASE, from the
files that TEST_CONNECTION_KEY_FILE and so on name, or are asked for; never from the command line, where others see them.

  --exchange NAME          binance, binanceUS, binanceUsdm, bybit, okxLinear, ... (required)
  --environment sandbox    the venue's demo or test net; default: live, or as ENVOKX and BITGETENV say
  --seconds N              listen so long once live; default 30; 0: until Ctrl-C
  --okx-source WORD        com, my (EEA), app (US)
  --bybit-host WORD        com, eu, nl, tr, kz, ge
  --keys-type WORD         Coinbase: cloud, legacy
  --json                   one JSON object a line, the last one with the verdict
  --verbose                the connector's log on standard error
  --help                   this text

Exit code: 0 ok, 10 bad-key, 11 missing-permission, 12 ip-not-allowed, 13 clock-skew, 14 network, 15 rate-limited,
16 venue, 17 silent; 2 wrong usage.`;

/** @throws Error naming what is wrong */
export function testOptions(args: readonly string[]): TestOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exchange: { type: 'string', default: '' },
      environment: { type: 'string' },
      seconds: { type: 'string', default: '30' },
      'okx-source': { type: 'string' },
      'bybit-host': { type: 'string' },
      'keys-type': { type: 'string' },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { exchange, environment, seconds, help } = values;
  if (exchange === '' && !help) throw new Error('--exchange: missing');
  if (environment !== undefined && environment !== 'live' && environment !== 'sandbox') {
    throw new Error('--environment: live or sandbox');
  }
  if (!/^\d{1,7}$/.test(seconds)) throw new Error('--seconds: a whole number, e.g. --seconds 60');
  return {
    exchange,
    environment,
    seconds: Number(seconds) || Infinity,
    okxSource: values['okx-source'],
    bybitHost: values['bybit-host'],
    keysType: values['keys-type'],
    isJson: values.json,
    isVerbose: values.verbose,
    isHelp: help,
  };
}
