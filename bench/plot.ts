/** One line of the plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly images: number; readonly cost: number }[];
}

const WIDTH = 750;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 240;
const TOP = 40;
const BOTTOM = 50;
/** Each line also has its own dash pattern, so that the lines can be distinguished without colours. */
const COLOURS = [
  '#0b6e4f',
  '#b3001b',
  '#1f4e9e',
  '#8a6d00',
  '#6a1b9a',
  '#444444',
  '#00838f',
  '#c2185b',
  '#5d4037',
];
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '12 4', '1 2', '4 4', '10 2', '8 3 2 3 2 3'];

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
}

/** Powers of ten around the values: on a linear axis, the smaller costs would be indistinguishable. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  return { low, high, from, to };
}

const at = ({ low, high, from, to }: Axis, value: number): string =>
  (from + ((Math.log10(value) - low) / (high - low)) * (to - from)).toFixed(1);

const ticks = ({ low, high }: Axis): readonly number[] =>
  Array.from({ length: high - low + 1 }, (_, step) => Number((10 ** (low + step)).toPrecision(1)));

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/**
 * Cost per image against the number of images, both in powers of ten.
 *
 * @throws Error if there is nothing to draw, or a cost is not above zero
 */
export function costPlot(title: string, series: readonly Series[]): string {
  const points = series.flatMap(({ points: each }) => each);
  if (points.length === 0) throw new Error('there is nothing to draw');
  if (points.some(({ images, cost }) => !(images > 0) || !(cost > 0))) {
    throw new Error('only numbers above zero can be plotted');
  }
  const x = axis(
    points.map(({ images }) => images),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = axis(
    points.map(({ cost }) => cost),
    HEIGHT - BOTTOM,
    TOP,
  );
  const grid = [
    ...ticks(x).map(
      (tick) =>
        `<line x1="${at(x, tick)}" y1="${TOP}" x2="${at(x, tick)}" y2="${HEIGHT - BOTTOM}" stroke="#ddd"/>` +
        `<text x="${at(x, tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick}</text>`,
    ),
    ...ticks(y).map(
      (tick) =>
        `<line x1="${LEFT}" y1="${at(y, tick)}" x2="${WIDTH - RIGHT}" y2="${at(y, tick)}" stroke="#ddd"/>` +
        `<text x="${LEFT - 8}" y="${at(y, tick)}" text-anchor="end" dy="4">${tick}</text>`,
    ),
  ];
  const drawn = series.map((one, index) => drawnSeries(one, index, x, y));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="14">${escaped(title)}</text>`,
    ...grid,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">images</text>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawnSeries({ name, points }: Series, index: number, x: Axis, y: Axis): string {
  const colour = COLOURS[index % COLOURS.length];
  const dash = DASHES[index % DASHES.length];
  const places = points.map(({ images, cost }) => `${at(x, images)},${at(y, cost)}`);
  const row = TOP + 10 + index * 18;
  const style = `stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"`;
  return [
    `<polyline points="${places.join(' ')}" fill="none" ${style}/>`,
    ...places.map((place) => {
      const [cx, cy] = place.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
    }),
    `<line x1="${WIDTH - RIGHT + 12}" y1="${row}" x2="${WIDTH - RIGHT + 40}" y2="${row}" ${style}/>`,
    `<text x="${WIDTH - RIGHT + 46}" y="${row + 4}">${escaped(name)}</text>`,
  ].join('\n');
}
