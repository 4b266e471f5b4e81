// One account stream: why did my bot get no event?
import { badge, el, redraw, replace } from './dom.mjs';
import { request } from './feed.mjs';
import * as text from './text.mjs';

const EVERY_MS = 3000;

/** Reads the stream's facts every few seconds, for as long as the page is open. Rejects without a token. */
export async function streamView(root, room) {
  document.title = 'Stream';
  const lost = badge('bad', 'no answer from the process');
  const facts = el('div', { class: 'stream' });
  for (let isFirst = true; ; isFirst = false) {
    const { code, body } = await read(room);
    if (isFirst) replace(root, headOf(decodeURIComponent(room), lost), facts);
    lost.hidden = code !== 0;
    if (code !== 0) redraw(facts, ...sections(body));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function headOf(room, lost) {
  return el(
    'header',
    {},
    el('a', { href: '/' }, '← all'),
    el('h1', {}, 'Stream ', el('code', {}, room)),
    lost,
  );
}

async function read(room) {
  try {
    const response = await request(`/api/streams/${room}`);
    return { code: response.status, body: await response.json() };
  } catch (error) {
    // The process does not answer: what was read before stays on the page.
    if (error instanceof TypeError) return { code: 0, body: undefined };
    throw error;
  }
}

function sections({ stream, findings, at }) {
  const why = el(
    'section',
    { class: 'why' },
    el('h2', {}, 'Why did my bot get no event?'),
    el('ul', { class: 'findings' }, ...findings.map(finding)),
  );
  return stream ? [why, factsOf(stream, at), topicsOf(stream, at), historyOf(stream)] : [why];
}

function finding({ health, words, advice }) {
  return el('li', {}, badge(health), el('span', {}, words, advice && el('em', {}, ` ${advice}`)));
}

function factsOf(
  { exchange, state, subscribers, reconnects, openedAt, lastEventAt, published, outbox, confirm },
  at,
) {
  const ago = (time) =>
    time === undefined ? 'none yet' : `${text.span(at - time)} ago (${text.time(time)})`;
  const pairs = [
    ['Exchange', exchange],
    ['Connection', state],
    ['Opened', ago(openedAt)],
    ['Subscribers', text.count(subscribers)],
    ['Reconnects', text.count(reconnects)],
    ['Last event', ago(lastEventAt)],
    ['Published', text.plural(published, 'event')],
    [
      'Waiting for RabbitMQ',
      outbox.messages === 0
        ? 'none'
        : `${text.plural(outbox.messages, 'event')}, the oldest for ${text.span(outbox.oldestMs)}`,
    ],
    ['Confirmed by RabbitMQ', confirmWords(confirm)],
  ];
  return el(
    'section',
    {},
    el('h2', {}, 'Facts'),
    el(
      'dl',
      { class: 'facts' },
      ...pairs.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
    ),
  );
}

function confirmWords({ count, lastMs, slowestMs }) {
  if (count === 0) return 'none yet';
  return `${text.count(count)}, the last after ${lastMs} ms, the slowest after ${slowestMs} ms`;
}

function topicsOf({ topics, refusedTopics }, at) {
  const heard = topics.map(({ topic, frames, lastAt }) =>
    el(
      'tr',
      {},
      el('td', {}, badge('ok', 'heard')),
      el('td', {}, el('code', {}, topic)),
      el('td', {}, `${text.plural(frames, 'frame')}, the last ${text.span(at - lastAt)} ago`),
    ),
  );
  const refused = refusedTopics.map(({ topic, code, text: words }) =>
    el(
      'tr',
      {},
      el('td', {}, badge('bad', 'refused')),
      el('td', {}, el('code', {}, topic)),
      el('td', {}, `${code} ${words}`),
    ),
  );
  const rows = [...refused, ...heard];
  return el(
    'section',
    {},
    el('h2', {}, 'Last frame per topic'),
    rows.length === 0
      ? el('p', { class: 'quiet' }, 'No frame with data yet.')
      : el('table', { class: 'plain' }, el('tbody', {}, ...rows)),
  );
}

function historyOf({ history }) {
  const rows = [...history]
    .reverse()
    .map((entry) =>
      el(
        'tr',
        {},
        el('td', { class: 'number' }, text.time(entry.at)),
        el('td', {}, badge(...markOf(entry))),
        el('td', {}, wordsOf(entry)),
      ),
    );
  return el(
    'section',
    {},
    el('h2', {}, 'What happened, newest first'),
    el('table', { class: 'plain' }, el('tbody', {}, ...rows)),
  );
}

const MARKS = {
  opened: ['off', 'opened'],
  dial: ['off', 'dial'],
  swapped: ['off', 'new key'],
  rotated: ['ok', 'rotated'],
  live: ['ok', 'live'],
  lost: ['warn', 'lost'],
  refused: ['bad', 'refused'],
  paused: ['bad', 'paused'],
  topicRefused: ['bad', 'topic refused'],
  gap: ['warn', 'gap'],
};

function markOf({ what, failed }) {
  if (what !== 'reconciled') return MARKS[what];
  return failed === undefined ? ['ok', 'reconciled'] : ['warn', 'not reconciled'];
}

const WORDS = {
  live: ({ tookMs }) => (tookMs === undefined ? '' : `after ${text.span(tookMs)}`),
  lost: ({ reason }) => reason,
  refused: ({ code, text: words, cause }) => `${cause}: ${code} ${words}`,
  paused: ({ untilAt, cause }) => `no login until ${text.time(untilAt)} (${cause})`,
  topicRefused: ({ topic, code, text: words }) => `${topic}: ${code} ${words}`,
  gap: ({ fromAt, toAt }) => `${text.time(fromAt)} to ${text.time(toAt)} (${text.span(toAt - fromAt)})`,
  reconciled: ({ fromAt, toAt, found, failed }) =>
    `${text.time(fromAt)} to ${text.time(toAt)}: ${failed ?? text.plural(found, 'missed event')}`,
};

function wordsOf(entry) {
  return WORDS[entry.what]?.(entry) ?? '';
}
