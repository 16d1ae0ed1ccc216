import {
  isSecret,
  OUTPUT_VALUE,
  secret,
  SIGNATURE,
  UNKNOWN,
  type Wire,
} from '../../../dev/engine/wire/signature';
import { ignoreChanges, parsePath } from '../../../dev/engine/wire/path';
import { fromStruct, toStruct } from '../../../dev/engine/wire/struct';
import {
  changedKeys,
  flattenOutputs,
  hasSecret,
  hasUnknown,
  mask,
  reveal,
  upgradeOutputs,
  wireEquals,
} from '../../../dev/engine/wire/value';

const output = (fields: Record<string, Wire>): Wire => ({ [SIGNATURE]: OUTPUT_VALUE, ...fields });

test.each([
  ['a known one is its value', output({ value: 'v', dependencies: ['urn'] }), 'v'],
  ['one without a value is unknown', output({}), UNKNOWN],
  ['a secret one is a secret', output({ value: 1, secret: true }), secret(1)],
  ['a secret unknown is both', output({ secret: true }), secret(UNKNOWN)],
  ['one inside another is found', { a: [output({ value: output({}) })] }, { a: [UNKNOWN] }],
])('output values are flattened: %s', (_name, value, flat) => {
  expect(flattenOutputs(value)).toEqual(flat);
});

test.each([
  [
    'a secret',
    { key: { password: secret('p') } },
    { key: { password: { secret: true, value: 'p' } } },
  ],
  ['an unknown', [UNKNOWN, 1], [{}, 1]],
  ['a secret unknown', secret(UNKNOWN), { secret: true }],
  ['an unknown in a secret', secret({ a: UNKNOWN }), { secret: true, value: { a: {} } }],
])(
  '%s of an SDK without output values becomes one where it is, and not around it',
  (_name, value, upgraded) => {
    const withoutSignature = (each: Wire): Wire =>
      JSON.parse(
        JSON.stringify(each)
          .replaceAll(`"${SIGNATURE}":"${OUTPUT_VALUE}",`, '')
          .replaceAll(`"${SIGNATURE}":"${OUTPUT_VALUE}"`, ''),
      ) as Wire;
    expect(withoutSignature(upgradeOutputs(value))).toEqual(upgraded);
    expect(flattenOutputs(upgradeOutputs(value))).toEqual(value);
    expect(upgradeOutputs(upgradeOutputs(value))).toEqual(upgradeOutputs(value));
  },
);

test('a secret is wrapped once, and found and taken off at any depth', () => {
  const value = { list: [{ password: secret(secret('p')) }], plain: 1 };
  expect(isSecret(secret(secret('p')))).toBe(true);
  expect(hasSecret(value)).toBe(true);
  expect(hasSecret(reveal(value))).toBe(false);
  expect(reveal(value)).toEqual({ list: [{ password: 'p' }], plain: 1 });
  expect(mask({ ...value, later: UNKNOWN })).toEqual({
    list: [{ password: '[secret]' }],
    plain: 1,
    later: '[unknown]',
  });
  expect(hasUnknown({ a: [secret(UNKNOWN)] })).toBe(true);
});

test('comparison ignores the order of keys, and distinguishes null from a missing value', () => {
  expect(wireEquals({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 })).toBe(true);
  expect(wireEquals({ a: null }, {})).toBe(false);
  expect(wireEquals([1, 2], [1])).toBe(false);
  expect(wireEquals({ a: [] }, { a: {} })).toBe(false);
  expect(changedKeys({ a: 1, b: 2 }, { b: 3, c: 4 })).toEqual(['a', 'b', 'c']);
});

test.each([
  ['name', ['name']],
  ['spec.containers[0].image', ['spec', 'containers', 0, 'image']],
  ['labels["app.kubernetes.io/name"]', ['labels', 'app.kubernetes.io/name']],
  ['a["q\\"x"].b', ['a', 'q"x', 'b']],
])('a property path is split: %s', (path, keys) => {
  expect(parsePath(path)).toEqual(keys);
});

test('ignored properties keep their old value, or their absence', () => {
  const olds = { size: 1, spec: { image: 'old', list: ['a', 'b'] } };
  const news = { size: 2, extra: true, spec: { image: 'new', list: ['a', 'c'], more: 1 } };
  const paths = ['size', 'extra', 'spec.image', 'spec.list[1]', 'nowhere.at.all'];
  expect(ignoreChanges(news, olds, paths)).toEqual({
    size: 1,
    spec: { image: 'old', list: ['a', 'b'], more: 1 },
  });
});

test('a value survives the wire, undefined apart', () => {
  const value = { a: null, b: [1, true, 'x', { c: UNKNOWN }], s: secret({ d: 1 }) };
  const holey = { ...value, gone: undefined as unknown as Wire };
  expect(fromStruct(toStruct(holey))).toEqual(value);
});
