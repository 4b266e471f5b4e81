/** Redis and RabbitMQ of the run's own, behind proxies that break, and killed and started again on demand. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TcpProxy } from '../../testing/tcp-proxy';

interface Provided {
  readonly env: Readonly<Record<string, string>>;
  crash(name: string): Promise<() => Promise<void>>;
  rabbitmqctl(...orders: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Servers {
  /** What the processes under test see. */
  readonly env: Readonly<Record<string, string>>;
  /** What the witness sees: never broken but by a crash. */
  readonly direct: Readonly<Record<string, string>>;
  readonly redis: TcpProxy;
  readonly rabbit: TcpProxy;
  crash(name: 'redis' | 'rabbit'): Promise<() => Promise<void>>;
  /** RabbitMQ finds its memory full: it takes nothing from those who publish, and goes on delivering. */
  alarm(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** Of the machine's memory; 0 is reached at once. */
const USUAL_WATERMARK = '0.6';

export async function openServers(): Promise<Servers> {
  const script = pathToFileURL(join(process.cwd(), 'scripts/services.mjs')).href;
  const { provideServices } = (await import(script)) as {
    provideServices(options: { need: readonly string[]; isOwn: boolean }): Promise<Provided>;
  };
  // Servers that others use must not be killed.
  const provided = await provideServices({ need: ['redis', 'rabbit'], isOwn: true });
  const { env: direct } = provided;
  const proxyOf = (name: string) =>
    TcpProxy.start({ host: direct[`${name}_HOST`] ?? '', port: Number(direct[`${name}_PORT`]) });
  const redis = await proxyOf('REDIS');
  const rabbit = await proxyOf('RABBIT');
  const env = {
    ...direct,
    REDIS_HOST: redis.host,
    REDIS_PORT: String(redis.port),
    RABBIT_HOST: rabbit.host,
    RABBIT_PORT: String(rabbit.port),
  };
  const stop = async (): Promise<void> => {
    await Promise.all([redis.close(), rabbit.close()]);
    await provided.stop();
  };
  const watermark = async (part: string): Promise<void> => {
    await provided.rabbitmqctl('set_vm_memory_high_watermark', part);
  };
  const alarm = async () => {
    await watermark('0');
    return () => watermark(USUAL_WATERMARK);
  };
  return { env, direct, redis, rabbit, crash: (name) => provided.crash(name), alarm, stop };
}
