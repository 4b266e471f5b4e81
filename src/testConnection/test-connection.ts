import { Outbox } from '../bus/outbox';
import { MemoryBroker } from '../bus/memory';
import { userInfoChannel } from '../bus/routes';
import type { PublishedAccountEvent } from '../bus/user-publisher';
import type { Config } from '../config';
import { rewriter } from '../config';
import type { Log } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import { MemoryStore } from '../store/memory';
import type { OpenStreamInput } from '../userStream';
import Connector from '../userStream';
import { environmentOf, openInput } from '../userStream/commands';
import type { Account } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import { Diagnosis } from './diagnosis';
import type { SignedLook } from './signed-look';
import { signedLook } from './signed-look';
import { tapped } from './tap';
import type { Verdict } from './verdict';
import { witness } from './witness';

export interface ConnectionTest {
  readonly api: OpenStreamInput['api'];
  /** How long events are listened to once the stream is live, ms. */
  readonly listenMs: number;
  /** Ends the listening early. */
  readonly stopped: Promise<void>;
}

export interface ConnectionTestDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The market of the exchange that is tested. */
  readonly known: KnownMarket;
  onNote(note: string): void;
  onEvent(event: PublishedAccountEvent): void;
}

const ROOM = 'test-connection';
/** Longer than the symbol list, the venue's time and a dial may take together where each comes late. */
const CONNECT_LIMIT_MS = 45_000;
const WELL: Verdict = { verdict: 'ok', detail: '' };

const SILENCE: Verdict = {
  verdict: 'silent',
  detail: 'the stream did not become live in time',
  todo: "try again with --verbose; look at the venue's status page",
};
const EVENTS = [
  'executionReport',
  'outboundAccountPosition',
  'balanceUpdate',
  'ORDER_TRADE_UPDATE',
  'ACCOUNT_UPDATE',
] as const;

/**
 * Opens one account stream with the real adapters, and in-process doors in place of RabbitMQ and Redis.
 * Resolves with the verdict: at the first final no, or when the time of listening is over.
 * @throws ConnectorError COMMAND_INVALID where the exchange has no account streams
 */
export async function testConnection(test: ConnectionTest, deps: ConnectionTestDeps): Promise<Verdict> {
  const { clock, config, known } = deps;
  let settle: (verdict: Verdict) => void = () => undefined;
  const settled = new Promise<Verdict>((resolve) => (settle = resolve));
  const rewrite = rewriter(config.endpoints);
  const diagnosis = new Diagnosis({
    clock,
    rewrite,
    restUrl: known.market.endpoints.rest,
    onVerdict: (verdict) => settle(verdict),
    onNote: (note) => deps.onNote(note),
  });
  const { connector, store } = connectorFor(deps, diagnosis);
  let listening: Timer | undefined;
  const deadline = clock.after(CONNECT_LIMIT_MS, () => settle(SILENCE));
  // The notice that bots wait for: authenticated, subscribed, and all of it answered.
  await store.subscribe(userInfoChannel(ROOM), () => {
    diagnosis.cameLive();
    deps.onNote('live: authenticated and subscribed');
    void look();
  });
  let looking: Promise<SignedLook> | undefined;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = signedLook(known, accountOf(test, deps), { clock, rewrite });
    const { refused, incomplete } = await looking;
    clock.cancel(deadline);
    if (refused) return settle(refused);
    deps.onNote(incomplete === undefined ? 'orders and balances read by REST' : `REST: ${incomplete}`);
    listening = clock.after(test.listenMs, () => settle(WELL));
  };
  void test.stopped.then(() => settle(listening === undefined ? SILENCE : WELL));
  try {
    await connector.started;
    connector.openStream({ userId: ROOM, api: test.api }, ROOM);
    return await settled;
  } finally {
    clock.cancel(deadline);
    clock.cancel(listening);
    await connector.stop();
  }
}

/** As the connector will see it. */
function accountOf({ api }: ConnectionTest, { known, config }: ConnectionTestDeps): Account {
  const { access } = openInput({ userId: ROOM, api });
  const { descriptor } = known.adapter;
  const environment = environmentOf(access, descriptor.venue, config.sandboxVenues);
  return { market: known.market, credentials: access.credentials, environment };
}

function connectorFor(
  deps: ConnectionTestDeps,
  diagnosis: Diagnosis,
): { readonly connector: Connector; readonly store: MemoryStore } {
  const { clock, random, log, config, known } = deps;
  const telemetry = { log, meter: witness(diagnosis) };
  const broker = new MemoryBroker({ telemetry, clock });
  const store = new MemoryStore(clock);
  const market = tapped(known, diagnosis);
  const connector = new Connector({
    config,
    clock,
    random,
    telemetry,
    broker,
    store,
    outbox: new Outbox(config.outbox, { broker, telemetry, clock, random }),
    marketOf: (exchange) => (exchange === known.market.exchange ? market : undefined),
  });
  for (const name of EVENTS) connector.on(name, (event) => deps.onEvent(event));
  return { connector, store };
}
