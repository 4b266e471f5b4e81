// The markets of one venue, a row each, with what is behind it.
import { chart, valuesOf } from './chart.mjs';
import { marketDetail } from './detail.mjs';
import { badge, el, redraw, setText, updateBadge } from './dom.mjs';
import * as text from './text.mjs';

const COLUMNS = [
  ['state', 'State'],
  ['sockets', 'Sockets'],
  ['topics', 'Topics'],
  ['rate', 'Updates/s'],
  ['age', 'Venue → us, p50 / p99 ms', 'Venue → us, ms'],
  ['publish', 'Us → Redis, p50 / p99 ms', 'Us → Redis, ms'],
  ['last', 'Last data'],
  ['reconnects', 'Reconnects'],
  ['gaps', 'Gaps'],
];

/** One table for all venues, so that columns stand under each other. */
export class MarketTable {
  constructor() {
    this.venues = new Map();
    const heads = [['market', 'Market'], ...COLUMNS].map(([name, title]) =>
      el('th', { scope: 'col', class: name }, title),
    );
    this.table = el('table', {}, el('thead', {}, el('tr', {}, ...heads)));
    this.element = el('section', { class: 'markets' }, this.table);
  }

  update(venues, history) {
    this.element.hidden = venues.length === 0;
    for (const venue of venues) {
      if (!this.venues.has(venue.venue)) {
        const group = new VenueGroup(venue.venue);
        this.venues.set(venue.venue, group);
        this.table.append(group.element);
      }
      this.venues.get(venue.venue).update(venue, history);
    }
  }

  age(now) {
    for (const venue of this.venues.values()) venue.age(now);
  }
}

const THREADS = {
  running: ['ok', 'running'],
  waiting: ['bad', 'restarts'],
  stopping: ['warn', 'stops'],
  off: ['off', 'off'],
};

class VenueGroup {
  constructor(venue) {
    this.rows = new Map();
    this.state = badge('off', '');
    this.facts = el('span', { class: 'quiet' });
    const head = el(
      'th',
      { scope: 'rowgroup', colspan: String(COLUMNS.length + 1) },
      el('div', {}, venue, this.state, this.facts),
    );
    this.element = el('tbody', {}, el('tr', { class: 'venue' }, head));
  }

  update(venue, history) {
    const { thread, markets } = venue;
    updateBadge(this.state, ...THREADS[thread]);
    setText(this.facts, venueFacts(venue).join(' · '));
    for (const market of markets)
      this.rowOf(market.exchange).update(market, venue, history[market.exchange] ?? []);
    for (const [exchange, row] of this.rows) {
      if (markets.some((market) => market.exchange === exchange)) continue;
      row.remove();
      this.rows.delete(exchange);
    }
  }

  age(now) {
    for (const row of this.rows.values()) row.age(now);
  }

  rowOf(exchange) {
    if (!this.rows.has(exchange)) {
      const row = new MarketRow(exchange);
      this.rows.set(exchange, row);
      this.element.append(row.element, row.detail);
    }
    return this.rows.get(exchange);
  }
}

function venueFacts({ dialsLeft, clockOffset, restarts, hosts }) {
  const paused = hosts.filter(({ pausedMs }) => pausedMs > 0);
  const waiting = hosts.reduce((sum, host) => sum + host.waiting, 0);
  return [
    ...(dialsLeft === undefined ? [] : [`dial budget ${Math.round(dialsLeft * 100)} % left`]),
    ...(waiting > 0 ? [`${text.plural(waiting, 'dial')} waiting`] : []),
    ...paused.map(({ host, pausedMs }) => `${host} asked for ${text.span(pausedMs)} of silence`),
    ...(clockOffset === undefined ? [] : [clockWords(clockOffset)]),
    ...(restarts > 0 ? [`${text.plural(restarts, 'restart')} of the thread`] : []),
  ];
}

function clockWords(offset) {
  if (Math.abs(offset) < 0.001) return 'clocks agree';
  return `its clock is ${text.ms(Math.abs(offset))} ms ${offset < 0 ? 'behind' : 'ahead'}`;
}

class MarketRow {
  constructor(exchange) {
    this.cells = Object.fromEntries(
      COLUMNS.map(([name, title, short = title]) => [name, el('td', { 'data-label': short, class: name })]),
    );
    this.state = badge('off', '');
    this.cells.state.append(this.state);
    this.rate = el('span', { class: 'number' });
    this.spark = chart(`updates per second of ${exchange}, last five minutes`);
    this.cells.rate.append(el('div', {}, this.rate, this.spark.element));
    this.panel = el('td', { colspan: String(COLUMNS.length + 1) });
    this.detail = el('tr', { class: 'detail', hidden: true }, this.panel);
    this.button = el(
      'button',
      { type: 'button', 'aria-expanded': 'false', onclick: () => this.toggle() },
      exchange,
    );
    this.element = el(
      'tr',
      { class: 'row' },
      el('th', { scope: 'row' }, this.button),
      ...Object.values(this.cells),
    );
  }

  update(market, venue, series) {
    this.market = market;
    this.venue = venue;
    const { health, words, sockets, topics, gaps } = market;
    updateBadge(
      this.state,
      health,
      health === 'ok' || health === 'off' ? words : { warn: 'look', bad: 'down' }[health],
    );
    this.state.title = words;
    setText(this.cells.sockets, `${sockets.live} / ${sockets.all}`);
    setText(
      this.cells.topics,
      topics.refused > 0
        ? `${text.count(topics.live)} / ${text.count(topics.all)}, ${topics.refused} refused`
        : `${text.count(topics.live)} / ${text.count(topics.all)}`,
    );
    setText(this.rate, text.rate(market.rate));
    this.spark.update(valuesOf(series, 'rate'));
    setText(this.cells.age, text.quantiles(market.venueLatency));
    setText(this.cells.publish, text.quantiles(market.publishLatency));
    setText(this.cells.reconnects, text.count(market.reconnects));
    setText(this.cells.gaps, gaps.open > 0 ? `${gaps.all}, ${gaps.open} open` : text.count(gaps.all));
    if (!this.detail.hidden) this.drawDetail();
  }

  age(now) {
    const { lastDataAt } = this.market;
    setText(this.cells.last, lastDataAt === undefined ? 'none yet' : text.span(now - lastDataAt));
  }

  toggle() {
    this.detail.hidden = !this.detail.hidden;
    this.button.setAttribute('aria-expanded', String(!this.detail.hidden));
    if (!this.detail.hidden) this.drawDetail();
  }

  drawDetail() {
    redraw(this.panel, ...marketDetail(this.market, this.venue));
  }

  remove() {
    this.element.remove();
    this.detail.remove();
  }
}
