// RabbitMQ, Redis, the outbox, and the charts of the whole process.
import { chart } from './chart.mjs';
import { badge, el, setText } from './dom.mjs';

export function doorCard({ name, health, words, facts }) {
  return el(
    'div',
    { class: 'card' },
    el('h2', {}, name),
    badge(health, words),
    el('ul', {}, ...facts.map((fact) => el('li', {}, fact))),
  );
}

export function chartCards() {
  return {
    rate: chartCard('Throughput'),
    p99: chartCard('Publish or confirm, p99'),
    outbox: chartCard('Waiting for confirm'),
  };
}

function chartCard(title) {
  const drawn = chart(`${title}, last five minutes`);
  const value = el('b', {});
  const unit = el('span', { class: 'quiet' });
  const element = el(
    'div',
    { class: 'card' },
    el('h2', {}, title),
    el('p', { class: 'big' }, value, ' ', unit),
    drawn.element,
  );
  return {
    element,
    update(shown, unitText, values) {
      setText(value, shown);
      setText(unit, unitText);
      drawn.update(values);
    },
  };
}
