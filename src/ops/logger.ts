import type { DestinationStream, Logger } from 'pino';
import { destination, pino, stdTimeFunctions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Log, LogContext } from '../domain/telemetry';
import { scrub, scrubText } from './scrub';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** Modules (`child({ module })`) that write debug lines whatever the level is. */
  readonly debug: readonly string[];
  /** For the eyes of a person at a terminal, instead of JSON lines. */
  readonly pretty: boolean;
  /** Default: standard output, written synchronously: the last line before a crash is the one that counts. */
  readonly stream?: DestinationStream;
}

/** JSON lines, free of secrets. Every value goes through `scrub`, whoever logs it. */
export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      // Which lines are written is decided below, by module; pino only drops what nobody can want.
      level: options.level === 'silent' ? 'silent' : 'debug',
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    streamOf(options),
  );
  return new ScrubbedLog(logger, options, {});
}

function streamOf({ stream, pretty }: LogOptions): DestinationStream {
  const target = stream ?? destination({ dest: 1, sync: true });
  if (!pretty) return target;
  const format = prettyFactory({
    messageKey: 'message',
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid',
    colorize: true,
  });
  return { write: (line) => target.write(format(line)) };
}

const SEVERITY = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;
type Written = Exclude<LogLevel, 'silent'>;

class ScrubbedLog implements Log {
  private readonly least: number;

  constructor(
    private readonly logger: Logger,
    private readonly options: LogOptions,
    private readonly base: LogContext,
    isDebugged = false,
  ) {
    const isSilent = options.level === 'silent';
    this.least = isDebugged && !isSilent ? SEVERITY.debug : SEVERITY[options.level];
  }

  debug(context: LogContext, message: string): void {
    this.write('debug', context, message);
  }

  info(context: LogContext, message: string): void {
    this.write('info', context, message);
  }

  warn(context: LogContext, message: string): void {
    this.write('warn', context, message);
  }

  error(context: LogContext, message: string): void {
    this.write('error', context, message);
  }

  /** A debugged module stays so in all of its children, whatever they call themselves. */
  child(context: LogContext): Log {
    const { module } = context;
    const isNamed = typeof module === 'string' && this.options.debug.includes(module);
    const isDebugged = isNamed || this.least === SEVERITY.debug;
    return new ScrubbedLog(this.logger, this.options, { ...this.base, ...context }, isDebugged);
  }

  private write(level: Written, context: LogContext, message: string): void {
    if (SEVERITY[level] < this.least) return;
    // Merged here, not by pino: a field that the line and its parents have in common is written once.
    this.logger[level](scrub({ ...this.base, ...context }) as object, scrubText(message));
  }
}
