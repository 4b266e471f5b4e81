// Small charts of the last minutes.
import { setAttribute, svg } from './dom.mjs';

const WIDTH = 150;
const HEIGHT = 30;
/** Fewer do not fill the width. */
const FEWEST = 30;

/** A line over its area; `update(values)` draws it anew. Missing values leave a hole. */
export function chart(label) {
  const area = svg('path', { class: 'area' });
  const line = svg('path', { class: 'line' });
  const element = svg(
    'svg',
    {
      class: 'chart',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    area,
    line,
  );
  return {
    element,
    update(values) {
      const top = Math.max(1e-9, ...values.filter((value) => value !== null));
      const runs = runsOf(values, top);
      setAttribute(line, 'd', runs.map(lineOf).join(''));
      setAttribute(area, 'd', runs.map(areaOf).join(''));
    },
  };
}

/** The newest value stands at the right edge, however few there are yet. */
function runsOf(shown, top) {
  const runs = [[]];
  const step = WIDTH / (Math.max(FEWEST, shown.length) - 1);
  shown.forEach((value, index) => {
    if (value === null) runs.push([]);
    else {
      const x = WIDTH - (shown.length - 1 - index) * step;
      runs.at(-1).push([x.toFixed(1), (HEIGHT - 1 - (value / top) * (HEIGHT - 3)).toFixed(1)]);
    }
  });
  return runs.filter((run) => run.length > 0);
}

function lineOf(run) {
  return `M${run.map(([x, y]) => `${x} ${y}`).join('L')}`;
}

function areaOf(run) {
  return `${lineOf(run)}L${run.at(-1)[0]} ${HEIGHT}L${run[0][0]} ${HEIGHT}Z`;
}

const AT_POINT = { rate: 1, p99: 2, outbox: 3 };

/** One value of the points of history. */
export function valuesOf(series, what) {
  return series.map((point) => point[AT_POINT[what]]);
}
