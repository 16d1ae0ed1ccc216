import { InputReader } from '../../../../src/pulumi/plugin/inputs/input-reader';
import { Secret, UNKNOWN } from '../../../../src/pulumi/plugin/protocol/wire-value';

describe('InputReader', () => {
  it('reads what was declared, secret or not', () => {
    const reader = new InputReader({
      text: new Secret('s'),
      flag: true,
      count: 2,
      list: ['a', new Secret('b')],
      map: new Secret({ k: 'v' }),
    });
    expect(reader.at('text').string()).toBe('s');
    expect(reader.at('text').isSecret).toBe(true);
    expect(reader.at('flag').boolean()).toBe(true);
    expect(reader.at('count').number()).toBe(2);
    expect(reader.at('list').strings()).toEqual(['a', 'b']);
    expect(reader.at('map').record()).toEqual({ k: 'v' });
    expect(reader.at('absent').at('deeper').string()).toBeUndefined();
    expect(reader.at('absent').isGiven).toBe(false);
    expect(reader.problems).toEqual([]);
  });

  it('collects every problem on its own path', () => {
    const reader = new InputReader({ a: { b: 1 }, list: [1], word: 'x', map: ['y'], object: 's' });
    reader.at('a').at('b').string();
    reader.at('list').strings();
    reader.at('word').word(['one', 'two']);
    reader.at('map').record();
    reader.at('object').list();
    expect(reader.problems.map(({ property, message }) => `${property}: ${message}`)).toEqual([
      'a.b: must be a string',
      'list[0]: must be a string',
      'word: must be one of one, two, not "x"',
      'map: must be an object',
      'object: must be a list',
    ]);
  });

  it('reads an unknown as absent, without a problem, and notes it', () => {
    const reader = new InputReader({ key: UNKNOWN, list: UNKNOWN, map: { a: UNKNOWN } });
    expect(reader.at('key').at('ref').string()).toBeUndefined();
    expect(reader.at('list').strings()).toEqual([]);
    expect(reader.at('map').record()).toEqual({});
    expect(reader.at('map').json()).toBeUndefined();
    expect(reader.problems).toEqual([]);
    expect(reader.isKnown('key.ref')).toBe(false);
    expect(reader.isKnown('list[3]')).toBe(false);
    expect(reader.isKnown('map.b')).toBe(false);
    expect(reader.isKnown('other')).toBe(true);
    expect(reader.at('key').isGiven).toBe(true);
  });
});
