// The overview: doors, problems, markets by venue, account streams.
import { chartCards, doorCard } from './cards.mjs';
import { valuesOf } from './chart.mjs';
import { badge, el, redraw, replace, setText, updateBadge } from './dom.mjs';
import { MarketTable } from './markets.mjs';
import { streamTable } from './streams.mjs';
import * as text from './text.mjs';

const STALE_MS = 8000;
const POINTS = 150;

export function overviewView(root) {
  const view = new OverviewView();
  replace(root, view.element);
  return view;
}

class OverviewView {
  constructor() {
    this.history = {};
    this.head = headOf();
    this.note = el('p', { class: 'note', role: 'status' }, 'Connecting…');
    this.cards = el('section', { class: 'cards', 'aria-label': 'RabbitMQ, Redis, throughput' });
    this.problems = el('ul', { class: 'problems', 'aria-label': 'What is not well' });
    this.markets = new MarketTable();
    this.streams = el('section', { class: 'streams' });
    this.charts = chartCards();
    this.element = el(
      'div',
      {},
      this.head.element,
      this.note,
      this.cards,
      this.problems,
      this.markets.element,
      this.streams,
    );
    setInterval(() => this.age(), 1000);
  }

  begin({ history, look }) {
    this.history = history;
    if (look) this.look(look, true);
  }

  look({ overview, points }, isKnown = false) {
    if (!isKnown) this.remember(points);
    this.overview = overview;
    this.receivedAt = performance.now();
    this.lostWords = undefined;
    document.title = `${{ ok: '', warn: '▲ ', bad: '✕ ', off: '' }[overview.health]}Connector ${overview.role}`;
    this.drawHead();
    this.drawCards();
    this.drawProblems();
    this.markets.update(overview.venues, this.history);
    this.drawStreams();
    this.age();
  }

  lost(words) {
    this.lostWords = words;
    this.age();
  }

  remember(points) {
    for (const [name, point] of Object.entries(points)) {
      this.history[name] = [...(this.history[name] ?? []), point].slice(-POINTS);
    }
  }

  /** Ages go on between two looks. */
  age() {
    if (!this.overview) {
      if (this.lostWords) setText(this.note, `No answer from the process (${this.lostWords}); trying again.`);
      return;
    }
    const sinceMs = performance.now() - this.receivedAt;
    const isStale = this.lostWords !== undefined || sinceMs > STALE_MS;
    this.note.hidden = !isStale;
    this.element.classList.toggle('stale', isStale);
    if (isStale) this.tellStale(sinceMs);
    const now = this.overview.at + sinceMs;
    setText(this.head.updated, `${text.time(this.overview.at)}, ${text.span(sinceMs)} ago`);
    this.markets.age(now);
  }

  tellStale(sinceMs) {
    const reason = this.lostWords ? ` (${this.lostWords})` : '';
    setText(this.note, `✕ No news for ${text.span(sinceMs)}${reason}; what is shown is old. Trying again.`);
    // What was well need not be any more.
    updateBadge(this.head.badge, 'off', 'unknown');
    document.title = '? Connector';
  }

  drawHead() {
    const { role, instance, health, words } = this.overview;
    setText(this.head.role, role === 'price' ? 'Market data' : 'Account streams');
    setText(this.head.instance, instance);
    updateBadge(this.head.badge, health, words);
  }

  drawCards() {
    const { doors, rate, p99 } = this.overview;
    const series = this.history[''] ?? [];
    this.charts.rate.update(`${text.rate(rate)}`, 'events/s', valuesOf(series, 'rate'));
    this.charts.p99.update(p99 === undefined ? '–' : text.ms(p99), 'ms', valuesOf(series, 'p99'));
    const cards = doors.map(doorCard);
    const outbox = doors.find(({ messages }) => messages !== undefined);
    this.charts.outbox.update(text.count(outbox?.messages ?? 0), 'messages', valuesOf(series, 'outbox'));
    replace(
      this.cards,
      ...cards,
      this.charts.rate.element,
      this.charts.p99.element,
      this.charts.outbox.element,
    );
  }

  drawProblems() {
    const told = JSON.stringify(this.overview.problems);
    if (told === this.toldProblems) return;
    this.toldProblems = told;
    replace(
      this.problems,
      ...this.overview.problems.map(({ health, where, words }) =>
        el('li', {}, badge(health), el('b', {}, where), el('span', {}, words)),
      ),
    );
  }

  drawStreams() {
    const { streams } = this.overview;
    if (!streams) return;
    const { rows, counts } = streams;
    const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
    const states = Object.entries(counts).map(([state, number]) => `${text.count(number)} ${state}`);
    redraw(
      this.streams,
      el(
        'h2',
        {},
        'Account streams',
        el(
          'span',
          { class: 'quiet' },
          ` ${text.count(all)} open${states.length > 0 ? `: ${states.join(', ')}` : ''}`,
        ),
      ),
      all === 0
        ? el('p', { class: 'quiet' }, 'None is open. Streams are opened by commands on RabbitMQ.')
        : streamTable(rows, this.overview.at),
      rows.length < all && el('p', { class: 'quiet' }, `The ${rows.length} that need it most are shown.`),
    );
  }
}

function headOf() {
  const role = el('span', { class: 'role' });
  const instance = el('span', { class: 'quiet instance' });
  const state = badge('off', '');
  const updated = el('span', { class: 'quiet updated' });
  const element = el('header', {}, el('h1', {}, role), instance, state, updated);
  return { element, role, instance, badge: state, updated };
}
