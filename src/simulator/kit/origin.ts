import type { SimConnection } from './connection';
import type { FaultBoard, Faults } from './faults';
import type { OriginSpec } from './types';
import type { ViolationLog } from './violations';
import { WindowLimit } from './violations';

export interface OriginStats {
  dials: number;
  refusedDials: number;
  httpRequests: number;
  framesIn: number;
  framesOut: number;
  bytesOut: number;
  /** Data frames not sent because a client read too slowly. */
  skipped: number;
}

/** The run-time side of an OriginSpec: its connections and who listens to what. */
export class SimOrigin {
  readonly stats: OriginStats = {
    dials: 0,
    refusedDials: 0,
    httpRequests: 0,
    framesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    skipped: 0,
  };
  readonly dials: WindowLimit;
  private readonly connections = new Set<SimConnection>();
  private readonly listeners = new Map<string, Set<SimConnection>>();

  constructor(
    readonly spec: OriginSpec,
    /** First path segment on the simulator's server, with its slash. */
    readonly prefix: string,
    private readonly faults: FaultBoard,
    readonly violations: ViolationLog,
  ) {
    this.dials = new WindowLimit(spec.limits?.dials ?? []);
  }

  get url(): string {
    return this.spec.url;
  }

  /** Sends a data frame to everyone who listens to the topic; the number of frames sent. */
  publish(topic: string, frame: string | ((connection: SimConnection) => string)): number {
    let sent = 0;
    for (const connection of this.listeners.get(topic) ?? []) {
      if (connection.push(typeof frame === 'string' ? frame : frame(connection))) sent += 1;
    }
    return sent;
  }

  /** Topics with at least one listener. */
  topics(): readonly string[] {
    return [...this.listeners.keys()];
  }

  hasListeners(topic: string): boolean {
    return this.listeners.has(topic);
  }

  open(): readonly SimConnection[] {
    return [...this.connections];
  }

  // ------------------------------------------------------------------ kit-internal

  faultsOf(connection?: number): Faults {
    return this.faults.of(this.url, connection);
  }

  adopt(connection: SimConnection): void {
    this.connections.add(connection);
  }

  forget(connection: SimConnection): void {
    this.connections.delete(connection);
  }

  listen(topic: string, connection: SimConnection): void {
    const listeners = this.listeners.get(topic) ?? new Set();
    listeners.add(connection);
    this.listeners.set(topic, listeners);
  }

  unlisten(topic: string, connection: SimConnection): void {
    const listeners = this.listeners.get(topic);
    listeners?.delete(connection);
    if (listeners?.size === 0) this.listeners.delete(topic);
  }
}
