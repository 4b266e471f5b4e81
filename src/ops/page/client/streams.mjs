// Account streams, a row each.
import { badge, el } from './dom.mjs';
import * as text from './text.mjs';

export function streamTable(rows, now) {
  const heads = [
    'Room',
    'State',
    'Exchange',
    'Connection',
    'Last event',
    'Published',
    'Waiting',
    'Reconnects',
  ];
  return el(
    'table',
    {},
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows.map((row) => streamRow(row, now))),
  );
}

function streamRow(
  { room, exchange, state, health, words, lastEventAt, published, outbox, reconnects },
  now,
) {
  const cell = (label, ...content) =>
    el('td', { 'data-label': label, class: label.toLowerCase().replace(' ', '-') }, ...content);
  return el(
    'tr',
    { class: 'row' },
    el('th', { scope: 'row' }, el('a', { href: `/streams/${encodeURIComponent(room)}` }, room)),
    cell('State', badge(health, words)),
    cell('Exchange', exchange),
    cell('Connection', state),
    cell('Last event', lastEventAt === undefined ? 'none yet' : text.span(now - lastEventAt)),
    cell('Published', text.count(published)),
    cell('Waiting', text.count(outbox.messages)),
    cell('Reconnects', text.count(reconnects)),
  );
}
