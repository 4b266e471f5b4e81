/** What the main thread and a venue's worker thread say to each other. */
import type { MarketEvent } from '../domain/events';
import type { WorkerStatus } from '../domain/status';
import type { CandleRequest } from './requests';
import type { Stall } from './stall-watch';

export type ToWorker =
  | { readonly do: 'subscribeCandle' | 'unsubscribeCandle'; readonly requests: readonly CandleRequest[] }
  /** Exchange ids of the venue that shall run; others are stopped. */
  | { readonly do: 'exchanges'; readonly enabled: readonly string[] }
  /** Whether events are wanted by listeners of the main thread. */
  | { readonly do: 'mirror'; readonly on: boolean }
  | { readonly do: 'report' | 'status' | 'record'; readonly id: number }
  | { readonly do: 'stop'; readonly deadlineMs: number };

export type FromWorker =
  | { readonly is: 'ready' }
  | { readonly is: 'events'; readonly events: readonly MarketEvent[] }
  /** A list knows the symbol of this request: it is not to be forgotten. */
  | { readonly is: 'listed'; readonly request: CandleRequest }
  | { readonly is: 'stall'; readonly stall: Stall }
  | { readonly is: 'report'; readonly id: number; readonly report: WorkerReport }
  | { readonly is: 'status'; readonly id: number; readonly status: WorkerStatus }
  /** The last frames of every connection are on the disk; `files`: their paths. */
  | { readonly is: 'recorded'; readonly id: number; readonly files: readonly string[] }
  /** Sent every few seconds: the event loop turns. */
  | { readonly is: 'alive' }
  | { readonly is: 'stopped'; readonly drained: boolean };

export interface WorkerReport {
  readonly metrics: readonly unknown[];
  readonly brokerReady: boolean;
  readonly storeReady: boolean;
}
