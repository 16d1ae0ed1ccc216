import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

import fc from 'fast-check';

import { type Manifest, yamlOf } from '../../../src/enforce/admission';
import { recordOracle } from '../support/tally';

const RUNS = 4_000;
/** The module that has the YAML of Kubernetes. */
const MODULE = resolve(__dirname, '../../../dev/tools/kubernetes');

function askGo(texts: readonly string[]): readonly unknown[] {
  const output = execFileSync('go', ['run', join(__dirname, 'go-yaml', 'main.go')], {
    cwd: MODULE,
    input: texts.map((text) => JSON.stringify(text)).join('\n'),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

// What YAML 1.1, YAML 1.2 or one of their readers takes for something else than a text.
const PIECES = [
  ...[
    '-_1',
    '_1',
    '0_',
    '1_0',
    '+1',
    '-1',
    '.5',
    '1.',
    '1e3',
    '0x1F',
    '+0x1F',
    '0o7',
    '0b1',
    '017',
  ],
  ...['yes', 'No', 'on', 'OFF', 'y', 'n', 'true', 'null', '~', '.inf', '.NaN', '2001-1-1', '1:30'],
  ...['<<', '=', '!x', '!!str', '&a', '*a', '%Y', '@', '`', '|', '>', '>-', '- ', '? ', ': ', ' #'],
  ...["'", '"', '\\', '{{ x }}', '$(x)', '[', ']', '{', '}', ',', '---', '...', '\n', '\r\n', '\t'],
  ...['\u0085', '\u00a0', '\u2028', '\ufeff', '\u0000', '\u007f', '\u001b', '\u{1f600}', 'é', 'a'],
  ...[' ', '', 'text', 'https://ci.example/a?b=c#d', '\n\n', ' \n', '\n ', 'a: b', '#', '-'],
];

test('the YAML of a manifest is to Kubernetes what the manifest is', () => {
  const text = fc
    .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join(''));
  const made = fc.sample(fc.tuple(text, text, text), { numRuns: RUNS, seed: 15 });
  const manifests = [...PIECES.map((piece) => [piece, piece, piece] as const), ...made].map(
    ([key, value, item]): Manifest => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', annotations: { [key]: value } },
      list: [item, { [item]: key }],
    }),
  );
  const answers = askGo(manifests.map((manifest) => yamlOf([manifest])));
  const differences = manifests.filter((manifest, index) => {
    try {
      expect(answers[index]).toEqual(JSON.parse(JSON.stringify(manifest)));
      return false;
    } catch {
      return true;
    }
  });
  recordOracle('manifests in YAML: sigs.k8s.io/yaml', manifests.length, differences.length);
  expect(differences.slice(0, 9).map((each) => JSON.stringify([each, yamlOf([each])]))).toEqual([]);
}, 300_000);
