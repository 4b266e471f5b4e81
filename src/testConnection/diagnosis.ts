import { errorText } from '../domain/errors';
import type { Clock } from '../domain/time';
import { failureAdvice, failureText } from '../probe/advice';
import { reach, targetOf } from '../probe/reach';
import type { Refusal } from '../venues/contract';
import type { TapListener } from './tap';
import type { Verdict } from './verdict';
import { verdictOfAnswer, verdictOfRefusal } from './verdict';
import type { WitnessListener } from './witness';

export interface DiagnosisDeps {
  readonly clock: Clock;
  /** Applies VENUE_ENDPOINTS. */
  readonly rewrite: (url: string) => string;
  /** Production URL of the market's REST API: looked at where no socket could be dialled for lack of its answer. */
  readonly restUrl: string;
  onVerdict(verdict: Verdict): void;
  /** Something worth a line, on the way to a verdict. */
  onNote(note: string): void;
}

const REACH_MS = 8_000;
/** One failure may be chance. */
const FAILURES = 2;
/** After these the host is left alone for a minute or longer. */
const TOO_MANY: ReadonlySet<string> = new Set(['http_418', 'http_429']);

/** Makes a verdict of what is heard of an account's connection, from its first dial on. */
export class Diagnosis implements TapListener, WitnessListener {
  private refusals = 0;
  private failures = 0;
  private endpoint: string | undefined;
  private endpointError: unknown;
  private isOver = false;

  constructor(private readonly deps: DiagnosisDeps) {}

  onRefused(refusal: Refusal): void {
    this.refusals += 1;
    const verdict = verdictOfRefusal(refusal, this.refusals >= FAILURES);
    if (verdict) this.decide(verdict);
    else this.deps.onNote(`refused: ${refusal.text} (code ${refusal.code}); trying again`);
  }

  onEndpoint(url: string): void {
    this.endpointError = undefined;
    this.endpoint = url;
    // What stands behind the host may be a token.
    this.deps.onNote(`dialling ${new URL(this.deps.rewrite(url)).origin}`);
  }

  onEndpointFailed(error: unknown): void {
    this.endpointError = error;
  }

  onDialed(outcome: string): void {
    if (outcome === 'opened') this.deps.onNote('connected; logging in');
    else this.failed(outcome);
  }

  onDisconnected(reason: string): void {
    this.failed(reason);
  }

  onClockOffset(offsetMs: number): void {
    const seconds = (Math.abs(offsetMs) / 1_000).toFixed(2);
    const isFar = Math.abs(offsetMs) > 1_000;
    const advice = isFar ? '; signatures are corrected by it, but set the clock by NTP all the same' : '';
    this.deps.onNote(
      `this machine's clock is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} the venue's${advice}`,
    );
  }

  /** Whatever goes wrong from now on is no longer about whether the key works. */
  cameLive(): void {
    this.failures = 0;
    this.refusals = 0;
  }

  private failed(reason: string): void {
    // A refused login ends the connection as well: the refusal is the news.
    if (this.isOver) return;
    this.failures += 1;
    this.deps.onNote(
      `no connection: ${reason}${this.endpointError === undefined ? '' : `, ${errorText(this.endpointError)}`}`,
    );
    const isLimit = TOO_MANY.has(reason);
    if (isLimit) this.decide(verdictOfAnswer(reason));
    else if (this.failures === FAILURES) void this.explain(reason).then((verdict) => this.decide(verdict));
  }

  /** Looks at the server that was asked: a socket's end tells less than its name, port and certificate do. */
  private async explain(reason: string): Promise<Verdict> {
    const isUndialled = reason === 'no_endpoint' || this.endpoint === undefined;
    const target = targetOf(this.deps.rewrite(isUndialled ? this.deps.restUrl : (this.endpoint ?? '')));
    const reached = await reach(target, this.deps.clock, REACH_MS);
    if (!reached.isReached) {
      return { verdict: 'network', detail: failureText(target, reached), todo: failureAdvice(reached) };
    }
    if (this.endpointError === undefined) return verdictOfAnswer(reason);
    return { ...verdictOfAnswer(reason), detail: errorText(this.endpointError) };
  }

  private decide(verdict: Verdict): void {
    if (this.isOver) return;
    this.isOver = true;
    this.deps.onVerdict(verdict);
  }
}
