import { parseArgs } from 'node:util';

export interface DoctorOptions {
  readonly isJson: boolean;
  /** Warnings count as failures. */
  readonly isStrict: boolean;
  /** Only checks whose names begin with one of these; empty: all. */
  readonly only: readonly string[];
  readonly isHelp: boolean;
}

export const USAGE = `npm run doctor -- [options]

Looks at everything that the connector needs, and says what is wrong and what to do. Nothing is created or changed.

  --only redis,rabbitmq   only checks whose names begin so (node, configuration, redis, rabbitmq, exchange service,
                          paper server, binance, bybit, ...)
  --strict                a warning counts as a failure
  --json                  one JSON object instead of lines
  --help                  this text

Exit code: 0 all is well, 1 a check failed, 2 wrong usage.`;

/** @throws TypeError of `parseArgs` for what is no option */
export function doctorOptions(args: readonly string[]): DoctorOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only.split(',').map((word) => word.trim().toLowerCase());
  return {
    isJson: values.json,
    isStrict: values.strict,
    only: only.filter((word) => word !== ''),
    isHelp: values.help,
  };
}
