import type { ConfirmChannel } from 'amqplib';
import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { Signal } from '../store/signal';

/** Every held event comes back at each of its tries: the broker is not asked for the queue as often. */
const DECLARE_PAUSE_MS = 1_000;

interface Publication {
  readonly messageId: string | undefined;
  isReturned: boolean;
}

/**
 * Mandatory publications of one channel. What no queue takes is handed back and then confirmed all the same
 * (https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed): unheeded, it would count as delivered.
 */
export class Returns {
  /** In the order of publication. */
  private readonly unsettled = new Set<Publication>();
  private isTold = false;
  private isDeclaring = false;
  private declaredAt = -Infinity;

  constructor(
    channel: ConfirmChannel,
    private readonly queueLost: Signal,
    /** Makes again what events are published to. */
    private readonly declare: () => Promise<void>,
    private readonly deps: { readonly telemetry: Telemetry; readonly clock: Clock },
  ) {
    channel.on('return', ({ properties, fields }) =>
      this.returned(String(properties.messageId), fields.routingKey),
    );
  }

  /** Call it with each mandatory message; the answer tells at its confirm whether it had been handed back. */
  expect(messageId: string | undefined): () => boolean {
    const publication = { messageId, isReturned: false };
    this.unsettled.add(publication);
    return () => {
      this.unsettled.delete(publication);
      if (!publication.isReturned) this.routed();
      return publication.isReturned;
    };
  }

  /** Once at a time, and not at every return. */
  declareAgain(): void {
    const { clock, telemetry } = this.deps;
    if (this.isDeclaring || clock.monotonic() - this.declaredAt < DECLARE_PAUSE_MS) return;
    this.isDeclaring = true;
    this.declare()
      // A refusal has been told where it was met; a broken connection declares everything when it is back.
      .catch((error: unknown) => telemetry.log.debug({ error: errorText(error) }, 'queue not declared again'))
      .finally(() => {
        this.isDeclaring = false;
        this.declaredAt = clock.monotonic();
      });
  }

  /** Of equal ids the first is meant: whoever sends that one again sends all behind it again. */
  private returned(messageId: string, routingKey: string): void {
    const { log, meter } = this.deps.telemetry;
    for (const publication of this.unsettled) {
      if (publication.isReturned || String(publication.messageId) !== messageId) continue;
      publication.isReturned = true;
      break;
    }
    meter.count('connector_broker_returned_total');
    if (!this.isTold) {
      this.isTold = true;
      log.warn({ routingKey }, 'RabbitMQ handed account events back, as no queue takes them; held');
      // At once, so that the confirms which are still to come find that they say nothing.
      this.queueLost.emit();
    }
    this.declareAgain();
  }

  private routed(): void {
    if (!this.isTold) return;
    this.isTold = false;
    this.deps.telemetry.log.info({}, 'account events find a queue again');
  }
}
