import { nearestName, unknownName } from '../../src/error/unknown-name';

const NAMES = ['keys', 'trustedKeys', 'identities', 'annotations', 'always', 'allowDirty', 'ref'];

describe('the name that was meant', () => {
  it.each([
    ['anotations', 'annotations'],
    ['annotatoins', 'annotations'],
    ['annotation', 'annotations'],
    ['identity', 'identities'],
    ['trustedkeys', 'trustedKeys'],
    ['allow_dirty', 'allowDirty'],
    ['--allow-dirty', 'allowDirty'],
    ['key', 'keys'],
    ['rf', 'ref'],
  ])('of %s is %s', (given, meant) => {
    expect(nearestName(given, NAMES)).toBe(meant);
  });

  it.each([['shape'], ['context'], ['x'], [''], ['...'], ['annotations'.repeat(100)]])(
    'of %s is not guessed',
    (given) => {
      expect(nearestName(given, NAMES)).toBeUndefined();
    },
  );

  it('is found for every name of which one letter is missing, doubled or exchanged', () => {
    for (const name of NAMES.filter(({ length }) => length > 3)) {
      for (let at = 1; at < name.length; at += 1) {
        const [before, letter, after] = [name.slice(0, at), name[at] ?? '', name.slice(at + 1)];
        expect(nearestName(before + after, NAMES)).toBe(name);
        expect(nearestName(before + letter + letter + after, NAMES)).toBe(name);
        const exchanged = before.slice(0, -1) + letter + (before.at(-1) ?? '') + after;
        expect(nearestName(exchanged, NAMES)).toBe(name);
      }
    }
  });

  it('is a part of the message, which otherwise lists the names', () => {
    expect(unknownName('rev', NAMES)).toBe('unknown; did you mean "ref"?');
    expect(unknownName('shape', ['a', 'b'])).toBe('unknown; expected one of a, b');
  });
});
