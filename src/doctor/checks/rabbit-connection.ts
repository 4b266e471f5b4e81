import type { RabbitConfig } from '../../config';
import { errorText } from '../../domain/errors';
import type { Clock } from '../../domain/time';
import { failureAdvice, failureText } from '../../probe/advice';
import { reach } from '../../probe/reach';
import type { Check, Finding } from '../check';
import { fail, ok } from '../check';
import { onRabbit } from '../rabbit-line';

export const RABBIT_CONNECTION = 'rabbitmq connection';

const REACH_MS = 5_000;
const LEAST = [3, 8] as const;

export function rabbitConnection(rabbit: RabbitConfig, clock: Clock): Check {
  return { name: RABBIT_CONNECTION, run: () => look(rabbit, clock) };
}

async function look(rabbit: RabbitConfig, clock: Clock): Promise<Finding> {
  const { host, port, user, vhost, tls } = rabbit;
  const target = { host, port, isTls: tls !== undefined, ...(tls?.ca !== undefined && { ca: tls.ca }) };
  const reached = await reach(target, clock, REACH_MS);
  if (!reached.isReached) {
    return fail(
      failureText(target, reached),
      `${failureAdvice(reached)}; see RABBIT_HOST, RABBIT_PORT, RABBIT_TLS`,
    );
  }
  try {
    const version = await onRabbit(rabbit, (model) =>
      Promise.resolve(String(model.connection.serverProperties.version)),
    );
    return versionFinding(version, `${host}:${port} lets ${user} in to virtual host ${vhost}`);
  } catch (error) {
    return refused(rabbit, errorText(error));
  }
}

function versionFinding(version: string, saw: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  if (isEnough) return ok(`${saw}; version ${version}`);
  return fail(
    `${saw}; version ${version}, the least is ${LEAST.join('.')}`,
    'install a maintained RabbitMQ release',
  );
}

function refused({ host, port, user, vhost }: RabbitConfig, text: string): Finding {
  if (/ACCESS_REFUSED|ACCESS-REFUSED/.test(text)) {
    return fail(
      `${host}:${port} refuses the login of ${user}`,
      'correct RABBIT_USER and RABBIT_PASSWORD (rabbitmqctl authenticate_user; guest may log in from the same machine only)',
    );
  }
  // The library tells the broker's reason only as "the wrong frame".
  if (/ConnectionOpenOk/.test(text)) {
    return fail(
      `${host}:${port} knows ${user}, but has no virtual host ${vhost}, or none that this user may enter`,
      `correct RABBIT_VHOST, or: rabbitmqctl add_vhost ${vhost}; rabbitmqctl set_permissions -p ${vhost} ${user} ".*" ".*" ".*"`,
    );
  }
  return fail(
    `${host}:${port} answers, but not as RabbitMQ does: ${text}`,
    'correct the port: 5672 is AMQP, 5671 AMQP with TLS, 15672 the management page',
  );
}
