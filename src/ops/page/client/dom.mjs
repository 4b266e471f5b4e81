// Elements without markup: text is only ever set as text, so nothing that a venue says can become code.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes (`on…` are listeners) and children (elements or texts). */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Touches the page only where something changed: selections and screen readers stay undisturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function replace(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== undefined && child !== false));
}

/**
 * Draws a part anew, unless its reader is just marking text in it; the link that had the focus has it again.
 * @returns {boolean} whether it was drawn
 */
export function redraw(element, ...children) {
  const selection = document.getSelection();
  if (selection && !selection.isCollapsed && element.contains(selection.anchorNode)) return false;
  const focused = element.contains(document.activeElement)
    ? document.activeElement.getAttribute('href')
    : null;
  replace(element, ...children);
  if (focused !== null)
    [...element.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
  return true;
}

const MARKS = { ok: '●', warn: '▲', bad: '✕', off: '○' };
const NAMES = { ok: 'well', warn: 'look', bad: 'down', off: 'off' };

/** A state by shape, word and colour: never by colour alone. */
export function badge(health, words = NAMES[health]) {
  const mark = el('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[health]);
  return el('span', { class: `badge ${health}` }, mark, el('span', { class: 'word' }, words));
}

export function updateBadge(element, health, words = NAMES[health]) {
  setAttribute(element, 'class', `badge ${health}`);
  setText(element.firstChild, MARKS[health]);
  setText(element.lastChild, words);
}
