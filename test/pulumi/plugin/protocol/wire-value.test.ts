import fc from 'fast-check';

import {
  decode,
  encode,
  changedInputs,
  equalValues,
  hasSecret,
  hasUnknown,
  reveal,
  Secret,
  toValue,
  UNKNOWN,
  type Value,
} from '../../../../src/pulumi/plugin/protocol/wire-value';

const SIGNATURE = '4dabf18193072939515e22adb298388d';
const secret = (value: unknown): unknown => ({
  [SIGNATURE]: '1b47061264138c4ac30d75fd1eb44270',
  value,
});
const output = (members: object): unknown => ({
  [SIGNATURE]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4',
  ...members,
});
const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

describe('the engine’s value encoding', () => {
  it('reads secrets, unknowns and output values at any depth', () => {
    const tree = decode({
      plain: [1, true, null, 'text'],
      secret: secret({ inner: secret('s') }),
      unknown,
      output: output({ value: { deep: unknown } }),
      secretOutput: output({ value: 'p', secret: true }),
      unknownOutput: output({}),
    }) as Record<string, Value>;
    expect(tree['plain']).toEqual([1, true, null, 'text']);
    expect(tree['secret']).toEqual(new Secret({ inner: new Secret('s') }));
    expect(tree['unknown']).toBe(UNKNOWN);
    expect(tree['output']).toEqual({ deep: UNKNOWN });
    expect(tree['secretOutput']).toEqual(new Secret('p'));
    expect(tree['unknownOutput']).toBe(UNKNOWN);
  });

  it('encodes what it decoded', () => {
    const tree = fc.letrec<{ tree: Value }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.string(),
        fc.constant(UNKNOWN as Value),
        fc.array(tie('tree'), { maxLength: 3 }),
        tie('tree').map((value) => new Secret(value)),
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__'),
          tie('tree'),
          {
            maxKeys: 3,
          },
        ),
      ),
    })).tree;
    fc.assert(
      fc.property(tree, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  it('distinguishes secrets and unknowns, and reveals a secret only on request', () => {
    const tree = toValue({ a: [{ b: new Secret('s') }], c: undefined });
    expect(hasSecret(tree)).toBe(true);
    expect(hasUnknown(tree)).toBe(false);
    expect(hasUnknown(new Secret([UNKNOWN]))).toBe(true);
    expect(reveal(tree)).toEqual({ a: [{ b: 's' }] });
    expect(JSON.stringify(encode(tree))).toContain('1b47061264138c4ac30d75fd1eb44270');
  });

  it('compares values, not their secret marks, and takes no unknown for equal', () => {
    expect(equalValues({ a: new Secret('s') }, { a: 's' })).toBe(true);
    expect(equalValues({ a: 1 }, { a: 1, b: null })).toBe(true);
    expect(equalValues({ a: 1 }, { a: 2 })).toBe(false);
    expect(equalValues([1, 2], [1])).toBe(false);
    expect(equalValues(UNKNOWN, UNKNOWN)).toBe(false);
    expect(equalValues([1], { 0: 1 })).toBe(false);
  });

  it.each<Value>([{}, [], { a: {} }, { a: [], b: null }, new Secret({})])(
    'takes %j for equal to an absent value',
    (empty) => {
      expect(changedInputs({ annotations: empty }, {})).toEqual([]);
      expect(changedInputs({}, { annotations: empty })).toEqual([]);
      expect(changedInputs({ annotations: empty }, { annotations: { a: 'x' } })).toHaveLength(1);
    },
  );

  it.each([[['']], [{ a: '' }], [''], [false], [0], [{ a: [''] }]])(
    'does not take %j for absent',
    (value) => {
      expect(changedInputs({}, { input: value as Value })).toEqual(['input']);
    },
  );

  it.each(['build', 'key', 'keyless'])('takes an empty %s for a change', (name) => {
    expect(changedInputs({}, { [name]: {} })).toEqual([name]);
    expect(changedInputs({ [name]: {} }, {})).toEqual([name]);
    expect(changedInputs({ [name]: {} }, { [name]: {} })).toEqual([]);
    expect(changedInputs({ [name]: null }, {})).toEqual([]);
  });
});
