/** Configuration: the only reader of the environment. */
export type { Config, LogConfig, RabbitConfig, RedisConfig, TlsConfig, UserStreamConfig } from './config';
export { describeConfig } from './describe';
export type { EndpointOverride } from './endpoints';
export { rewriter } from './endpoints';
export { readEnvironment } from './environment';
export { loadConfig } from './load';
