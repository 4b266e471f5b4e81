import type { PublishedAccountEvent } from '../bus/user-publisher';
import { scrubText } from '../ops/scrub';
import type { Verdict } from './verdict';
import { VERDICTS } from './verdict';

/** Everything that is shown, for eyes or, line by line, as JSON. */
export interface Lines {
  note(text: string): string;
  event(event: PublishedAccountEvent): string;
  verdict(verdict: Verdict): string;
}

export const jsonLines: Lines = {
  note: (text) => JSON.stringify({ kind: 'note', text: scrubText(text) }),
  event: (event) => JSON.stringify({ kind: 'event', event }),
  verdict: (verdict) => {
    const { exitCode, title } = VERDICTS[verdict.verdict];
    return JSON.stringify({
      kind: 'verdict',
      ...verdict,
      detail: scrubText(verdict.detail),
      title,
      exitCode,
    });
  },
};

export const textLines: Lines = {
  note: (text) => `  ${scrubText(text)}`,
  event: (event) =>
    `${timeOf(event)}  ${event.eventType}  ${isOrder(event) ? orderText(event) : balanceText(event)}`,
  verdict: ({ verdict, detail, todo }) => {
    const title = `\n${verdict}: ${VERDICTS[verdict].title}`;
    return [
      title,
      ...[detail, todo === undefined ? '' : `-> ${todo}`].filter(Boolean).map(textLines.note),
    ].join('\n');
  },
};

/** As much of a key as names it to its owner. */
export function keyName(key: string): string {
  // A PEM, or the path of a cloud key, begins the same for everybody.
  const tail = key.split('/').at(-1) ?? key;
  return tail.length > 8 ? `${tail.slice(0, 4)}…` : '…';
}

function timeOf({ eventTime }: PublishedAccountEvent): string {
  return typeof eventTime === 'number' ? new Date(eventTime).toISOString().slice(11, 23) : '            ';
}

function isOrder(event: PublishedAccountEvent): boolean {
  return 'orderStatus' in event;
}

function orderText(event: PublishedAccountEvent): string {
  const word = (name: string): string => String(event[name] ?? '');
  const filled = `${word('totalTradeQuantity')} of ${word('quantity')}`;
  const clientId = word('newClientOrderId') || word('clientOrderId');
  const order = `${word('symbol')} ${word('side')} ${word('orderType')} ${filled} @ ${word('price')}`;
  return `${word('orderStatus')}  ${order}  order ${word('orderId')} client ${clientId}`;
}

/** Absolute balances, or one change. */
function balanceText(event: PublishedAccountEvent): string {
  const { balances } = event;
  if (!Array.isArray(balances)) return `${String(event['asset'])} ${String(event['balanceDelta'])}`;
  return balances.map((balance: Readonly<Record<string, unknown>>) => oneBalance(balance)).join(', ');
}

function oneBalance({ asset, free, locked, walletBalance }: Readonly<Record<string, unknown>>): string {
  if (free === undefined) return `${String(asset)} ${String(walletBalance)}`;
  return `${String(asset)} ${String(free)} free, ${String(locked)} locked`;
}
