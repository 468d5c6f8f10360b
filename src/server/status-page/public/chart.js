// @ts-check
import { byMinute, HEIGHT, niceCeiling, pathOf, WIDTH } from './chart-scale.js';
import { fillTable, make, makeSvg, write } from './page-elements.js';
import { duration, number } from './words.js';

/**
 * @typedef {import('./series.js').Series} Series
 * @typedef {import('./chart-scale.js').Point} Point
 */

/** The highest line stays below the top of the axis. */
const HEADROOM = 1.04;

/** One chart: lines, a legend with the newest values, and the same figures as a table. */
export class Chart {
  /** @param {Series} series */
  constructor(series) {
    this.series = series;
    /** @type {{ points: readonly Point[], every: number, capacity: number }} */
    this.drawn = { points: [], every: 1, capacity: 1 };
    this.area = makeSvg('path', { class: 'area' });
    this.paths = series.lines.map((_, index) => makeSvg('path', { class: `path path-${index + 1}` }));
    this.values = series.lines.map(() => make('b'));
    this.top = make('span');
    this.start = make('span');
    this.body = make('tbody');
    this.details = /** @type {HTMLDetailsElement} */ (
      make('details', '', [make('summary', '', 'As a table'), this.table()])
    );
    this.details.addEventListener('toggle', () => this.fill());
    this.svg = makeSvg(
      'svg',
      { class: 'lines', role: 'img', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none' },
      [0, 50, 100].map((y) => makeSvg('path', { class: 'grid', d: `M0 ${y}H${WIDTH}` })),
    );
    this.svg.append(this.area, ...this.paths);
    this.element = this.assemble();
  }

  assemble() {
    const { title, unit, id } = this.series;
    const heading = make('h3', '', title);
    heading.id = `chart-${id}`;
    const yAxis = make('div', 'axis y-axis', [this.top, make('span', '', '0')]);
    const xAxis = make('div', 'axis x-axis', [this.start, make('span', '', 'now')]);
    for (const axis of [yAxis, xAxis]) axis.setAttribute('aria-hidden', 'true');
    const figure = make('article', 'card chart', [
      make('div', 'chart-head', [heading, make('span', 'unit', unit)]),
      make('div', 'plot', [yAxis, this.svg, xAxis]),
      make(
        'ul',
        'legend',
        this.series.lines.map(({ name }, index) => this.legend(name, index)),
      ),
      this.details,
    ]);
    figure.setAttribute('aria-labelledby', heading.id);
    return figure;
  }

  /** @param {string} name @param {number} index */
  legend(name, index) {
    const line = makeSvg('path', { class: `path path-${index + 1}`, d: 'M1 4H23' });
    const swatch = makeSvg('svg', { class: 'swatch', viewBox: '0 0 24 8', 'aria-hidden': 'true' }, [line]);
    const value = /** @type {HTMLElement} */ (this.values[index]);
    return make('li', '', [swatch, document.createTextNode(`${name} `), value]);
  }

  table() {
    const names = ['Minutes ago', ...this.series.lines.map(({ name }) => name)];
    const heads = names.map((name) => {
      const head = make('th', '', name);
      head.setAttribute('scope', 'col');
      return head;
    });
    const caption = make('caption', '', `${this.series.title}, ${this.series.unit}: mean of each minute`);
    return make('table', '', [caption, make('thead', '', [make('tr', '', heads)]), this.body]);
  }

  /** @param {readonly Point[]} points @param {number} every seconds between two points @param {number} capacity */
  draw(points, every, capacity) {
    this.drawn = { points, every, capacity };
    const { lines, least = 1 } = this.series;
    const highest = Math.max(...lines.flatMap(({ key }) => points.map((point) => point[key] ?? 0)), 0);
    const top = niceCeiling(Math.max(least, highest * HEADROOM));
    const scale = { top, spanSeconds: every * capacity, every };
    for (const [index, { key }] of lines.entries()) this.paths[index]?.setAttribute('d', pathOf(points, key, scale));
    this.area.setAttribute('d', areaOf(pathOf(points, lines[0]?.key ?? '', scale)));
    write(this.top, number(top));
    write(this.start, `${duration(every * capacity)} ago`);
    const words = lines.map(({ key, name }, index) => {
      const newest = points.at(-1)?.[key] ?? null;
      write(/** @type {HTMLElement} */ (this.values[index]), newest === null ? '–' : number(newest));
      return `${name} ${rangeOf(points, key)}`;
    });
    this.svg.setAttribute('aria-label', `${this.series.title}, ${this.series.unit}: ${words.join('; ')}`);
    this.fill();
  }

  /** The table has rows only while it is open. */
  fill() {
    if (!this.details.open) return;
    const rows = byMinute(
      this.drawn.points,
      this.series.lines.map(({ key }) => key),
    );
    fillTable(
      this.body,
      rows.map(({ age, means }) => [`${age}`, ...means.map((mean) => (mean === null ? '–' : number(mean)))]),
    );
  }
}

/** @param {readonly Point[]} points @param {string} key */
function rangeOf(points, key) {
  const values = points.map((point) => point[key]).filter((value) => typeof value === 'number');
  if (values.length === 0) return 'none yet';
  const newest = values.at(-1) ?? 0;
  return `now ${number(newest)}, between ${number(Math.min(...values))} and ${number(Math.max(...values))}`;
}

/** The ground under each unbroken part of a path. @param {string} path */
function areaOf(path) {
  return path
    .split('M')
    .slice(1)
    .map((part) => {
      const xs = part.match(/-?[\d.]+(?= )/g) ?? [];
      return `M${xs[0]} ${HEIGHT}L${part.replace('h0', '')}L${xs.at(-1)} ${HEIGHT}Z`;
    })
    .join('');
}
