// What is behind one market's row: connections, refused topics, gaps, counts, dial budget.
import { badge, el } from './dom.mjs';
import * as text from './text.mjs';

export function marketDetail({ words, health, detail }, { hosts }) {
  const { channels, gaps, series, instruments, backfilled, published } = detail;
  return [
    health === 'ok' ? undefined : el('p', {}, badge(health, words)),
    el(
      'div',
      { class: 'blocks' },
      ...channels.map(channelBlock),
      block(
        'Market',
        facts([
          ['Instruments', text.count(instruments)],
          ...(series
            ? [['Candle series', `${text.count(series.count)}, ${series.filling} being filled`]]
            : []),
          ['Published to Redis', text.count(published)],
          ['Bars told by history', text.count(backfilled)],
        ]),
      ),
      hosts.length > 0 && block('Dial budget', ...hosts.map(hostFacts)),
    ),
    gaps.length > 0 && block('Gaps', gapTable(gaps)),
  ].filter(Boolean);
}

function block(title, ...content) {
  return el('section', { class: 'block' }, el('h3', {}, title), ...content);
}

function facts(pairs) {
  return el('dl', {}, ...pairs.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

function channelBlock({ channel, connections, totals, refused, lastEnd, topics }) {
  return block(
    channel === 'ticker' ? 'Tickers' : 'Candles',
    connections.length > 0 && connectionTable(connections),
    facts([
      ['Topics', topicWords(topics)],
      ['Frames', text.count(totals.frames)],
      ...(totals.unknownFrames > 0 ? [['Not understood', text.count(totals.unknownFrames)]] : []),
      ['Dials that failed', text.count(totals.failedDials)],
      ['Connections lost', text.count(totals.disconnects)],
      ['Planned rotations', text.count(totals.rotations)],
      ['Silences acted upon', text.count(totals.stalls)],
      ...(lastEnd ? [['Last end', `${lastEnd.reason} at ${text.time(lastEnd.at)}`]] : []),
      ...refused.map(({ topic, code, text: words }) => ['Refused', `${topic}: ${code} ${words}`]),
    ]),
  );
}

function topicWords(topics) {
  const told = Object.entries(topics).filter(([, number]) => number > 0);
  return told.length === 0
    ? 'none wanted'
    : told.map(([state, number]) => `${text.count(number)} ${state}`).join(', ');
}

const STATES = { live: 'ok', waiting: 'bad', blocked: 'bad', closed: 'off', idle: 'off' };

function connectionTable(connections) {
  const row = ({ state, forMs, attempt, topics, isSuccessor }) => {
    const facts = [
      `for ${text.span(forMs)}`,
      text.plural(topics, 'topic'),
      ...(attempt > 0 ? [`${text.plural(attempt, 'failure')} in a row`] : []),
    ];
    const mark = badge(STATES[state] ?? 'warn', isSuccessor ? `${state}, takes over` : state);
    return el('li', {}, mark, ' ', facts.join(', '));
  };
  return el('ul', { class: 'connections' }, ...connections.map(row));
}

function hostFacts({ host, limits, waiting, pausedMs }) {
  const left = limits.map(
    ({ left: number, count, perMs }) => `${number} of ${count} per ${text.period(perMs)} left`,
  );
  const more = [
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(pausedMs > 0 ? [`silence for ${text.span(pausedMs)}`] : []),
  ];
  return facts([[host, [...left, ...more].join(', ')]]);
}

function gapTable(gaps) {
  const row = ({ channel, fromAt, toAt, reason, topics, closedBy, closedAt, filled }) => {
    const isOpen = closedAt === undefined;
    const how =
      closedBy === 'newest'
        ? 'newest values'
        : filled === 0
          ? 'history: no bar was missed'
          : `history: ${text.plural(filled, 'bar')}`;
    return el(
      'tr',
      {},
      el('td', {}, badge(isOpen ? 'warn' : 'ok', isOpen ? 'being filled' : 'closed')),
      el('td', {}, channel),
      el('td', {}, `${text.time(fromAt)} to ${text.time(toAt)} (${text.span(toAt - fromAt)})`),
      el('td', {}, reason),
      el('td', {}, text.plural(topics, 'topic')),
      el('td', {}, how),
    );
  };
  return el('table', { class: 'plain' }, el('tbody', {}, ...[...gaps].reverse().map(row)));
}
