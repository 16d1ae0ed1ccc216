import { costPlot } from '../../bench/plot';

const SERIES = [
  {
    name: 'a <b> & c',
    points: [
      { images: 1, cost: 1 },
      { images: 100, cost: 0.01 },
    ],
  },
];

test('the axes are powers of ten around all values', () => {
  const svg = costPlot('cost', SERIES);
  const labels = [...svg.matchAll(/text-anchor="(?:middle|end)"[^>]*>([^<]+)</g)].map(
    ([, label]) => label,
  );
  expect(labels).toEqual(['1', '10', '100', '0.01', '0.1', '1', 'images']);
});

test('the first and the last value are in opposite corners', () => {
  expect(costPlot('cost', SERIES)).toContain('<polyline points="70.0,40.0 510.0,370.0"');
});

test('names are escaped', () => {
  const svg = costPlot('1 < 2', SERIES);
  expect(svg).toContain('>a &lt;b&gt; &amp; c</text>');
  expect(svg).toContain('>1 &lt; 2</text>');
});

test('a single point can be plotted', () => {
  const svg = costPlot('cost', [{ name: 'one', points: [{ images: 1, cost: 1 }] }]);
  expect(svg).not.toMatch(/NaN|Infinity/);
});

test('values without a logarithm are rejected', () => {
  const points = [{ images: 1, cost: 0 }];
  expect(() => costPlot('cost', [{ name: 'none', points }])).toThrow('above zero');
  expect(() => costPlot('cost', [])).toThrow('nothing to draw');
});
