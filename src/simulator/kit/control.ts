import { z } from 'zod';
import { FaultsSchema, TargetSchema } from './faults';
import type { SimServer } from './server';
import type { HttpRoute, SimAnswer, SimRequest } from './types';

const FaultOrder = z
  .object({ target: TargetSchema.optional(), faults: FaultsSchema.optional(), clear: z.boolean().optional() })
  .strict();
const DropBody = TargetSchema.extend({
  code: z.number().int().min(1000).max(4999).optional(),
  reason: z.string().max(120).optional(),
});

/**
 * The switchboard for tests in other processes:
 * `POST /__sim/faults {"target":{"origin":"wss://..","connection":3},"faults":{"stall":true}}`
 *   (`"clear":true` first undoes what was set: for that target, or everything without one);
 * `POST /__sim/drop {"origin":"wss://..","code":1013}`; `/__sim/expire`; `/__sim/notice`;
 * `GET /__sim/violations`, `/ledger`, `/stats`, `/overrides`.
 */
export function controlRoutes(server: SimServer): HttpRoute[] {
  return [
    order('/faults', FaultOrder, ({ target, faults, clear }) => {
      if (clear) server.faults.clear(target);
      if (faults) server.faults.set(faults, target);
      return { ok: true };
    }),
    order('/drop', DropBody, (body) => ({ dropped: server.drop(body) })),
    order('/expire', TargetSchema, (target) => ({ expired: server.expire(target) })),
    order('/notice', TargetSchema, (target) => ({ sent: server.notice(target) })),
    report('/violations', () => ({ total: server.violations.total, violations: server.violations.list() })),
    report('/ledger', () => ({ dropped: server.ledger.dropped, entries: server.ledger.list() })),
    report('/stats', () => server.stats()),
    report('/overrides', () => ({ VENUE_ENDPOINTS: server.overrides() })),
  ].map((route) => ({ ...route, path: `/__sim${route.path}` }));
}

/** A control route with a checked JSON body. */
export function order<T>(path: string, schema: z.ZodType<T>, act: (body: T) => unknown): HttpRoute {
  return {
    method: 'POST',
    path,
    handle: (request) => {
      const body = schema.safeParse(parseBody(request));
      return body.success ? { body: act(body.data) } : badOrder(body.error.message);
    },
  };
}

function report(path: string, tell: () => unknown): HttpRoute {
  return { method: 'GET', path, handle: () => ({ body: tell() }) };
}

function parseBody({ body }: SimRequest): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function badOrder(problem: string): SimAnswer {
  return { status: 400, body: { error: problem } };
}
