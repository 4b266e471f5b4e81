// Numbers and times as people read them.

const WHOLE = new Intl.NumberFormat('en');
const TENTHS = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function count(value) {
  return WHOLE.format(Math.round(value));
}

/** Per second. */
export function rate(value) {
  return value < 10 ? TENTHS.format(value) : WHOLE.format(Math.round(value));
}

/** Milliseconds, from seconds. */
export function ms(seconds) {
  const value = seconds * 1000;
  if (value < 1) return '<1';
  return value < 10 ? value.toFixed(1) : WHOLE.format(Math.round(value));
}

export function quantiles(told) {
  return told ? `${ms(told.p50)} / ${ms(told.p99)}` : '–';
}

export function span(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return '<1 s';
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.floor(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} d`;
}

/** Time of day, with the day where it is not today's. */
export function time(at) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const clock = date.toLocaleTimeString('en-GB');
  return isToday ? clock : `${date.toLocaleDateString('en-CA')} ${clock}`;
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Of a limit. */
export function period(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds} ms` : span(milliseconds);
}
