import type { ChannelModel } from 'amqplib';
import type { RabbitConfig } from '../../config';
import type { Check, Finding } from '../check';
import { fail, ok, warn } from '../check';
import type { BrokerRefusal } from '../rabbit-line';
import { onRabbit, refusalOf } from '../rabbit-line';
import type { RabbitObject } from '../rabbit-objects';
import { RABBIT_CONNECTION } from './rabbit-connection';

const NOT_FOUND = 404;
const REFUSED = 403;
/** Differing arguments, or nonsense. */
const PRECONDITION_FAILED = 406;

/** Whether a thing on the broker is, or could be declared, as the connector wants it, and used. */
export function rabbitObject(rabbit: RabbitConfig, object: RabbitObject): Check {
  return {
    name: `rabbitmq ${object.thing.what}`,
    needs: RABBIT_CONNECTION,
    run: () => onRabbit(rabbit, (model) => look(model, object, rabbit)),
  };
}

async function look(model: ChannelModel, object: RabbitObject, rabbit: RabbitConfig): Promise<Finding> {
  // Passive: looked for, never made.
  const absence = await refusalOf(model, object.thing.check);
  if (absence && absence.code !== NOT_FOUND) return unexpected(absence);
  const isThere = !absence;
  const declared = isThere ? await present(model, object, rabbit) : await absent(model, object, rabbit);
  if (declared.verdict === 'fail') return declared;
  return (await firstRefused(model, object, rabbit)) ?? declared;
}

/** Declaring what exists changes nothing: the broker compares. */
async function present(model: ChannelModel, { thing }: RabbitObject, rabbit: RabbitConfig): Promise<Finding> {
  const refusal = await refusalOf(model, thing.declare);
  if (!refusal) return ok('exists as the connector declares it');
  if (refusal.code === REFUSED) {
    return warn(
      `exists, but ${rabbit.user} may not declare it (configure): it is used as it is`,
      grant(rabbit),
    );
  }
  if (refusal.code !== PRECONDITION_FAILED) return unexpected(refusal);
  return differing(refusal, thing.isEssential);
}

async function absent(model: ChannelModel, { absurd }: RabbitObject, rabbit: RabbitConfig): Promise<Finding> {
  const refusal = await refusalOf(model, absurd);
  if (refusal?.code === REFUSED) {
    return fail(`does not exist, and ${rabbit.user} may not declare it (configure)`, grant(rabbit));
  }
  return ok('does not exist yet; the connector will declare it');
}

async function firstRefused(
  model: ChannelModel,
  { rights }: RabbitObject,
  rabbit: RabbitConfig,
): Promise<Finding | undefined> {
  for (const { use, ask } of rights) {
    const refusal = await refusalOf(model, ask);
    if (refusal?.code === REFUSED) {
      return fail(`${rabbit.user} may not ${use}: ${refusal.text}`, grant(rabbit));
    }
  }
  return undefined;
}

/** "inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received none but current is the value '5' .." */
function differing({ text }: BrokerRefusal, isEssential: boolean): Finding {
  const [, argument = 'unknown', received = '?', current = text] =
    /arg '([^']+)'.*: received (.*) but current is (.*)$/s.exec(text) ?? [];
  const saw = `exists with another ${argument}: the connector wants ${received}, there is ${current}`;
  const todo = 'stop everything that uses it, delete it, and let the connector declare it anew';
  // Of another type it routes by other rules; every other difference is respected by the connector.
  return argument === 'type' && isEssential ? fail(saw, todo) : warn(`${saw}; it is used as it is`, todo);
}

function unexpected({ code, text }: BrokerRefusal): Finding {
  return fail(`the broker answers ${code}: ${text}`, 'look at the log of RabbitMQ');
}

function grant({ user, vhost }: RabbitConfig): string {
  return `rabbitmqctl set_permissions -p ${vhost} ${user} ".*" ".*" ".*"`;
}
