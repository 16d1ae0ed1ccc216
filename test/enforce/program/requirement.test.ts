import { InvalidInputError } from '../../../src/error';
import { requirementOf } from '../../../src/enforce/program/requirement';

test('misspelt members are named, each once, with the right name', () => {
  const problemsOf = (args: object): readonly string[] => {
    try {
      requirementOf(args);
    } catch (error) {
      if (error instanceof InvalidInputError)
        return error.problems.map(({ property, message }) => `${property}: ${message}`);
      throw error;
    }
    return [];
  };
  expect(problemsOf({ alow: [], exempt: [{ imge: 'r.example/a', reason: 'a reason' }] })).toEqual([
    'alow: unknown; did you mean "allow"?',
    'exempt[0].imge: unknown; did you mean "image"?',
  ]);
  expect(problemsOf({ kinds: [{ type: 'a:b:C', podSpek: 'spec' }] })).toEqual([
    'kinds[0].podSpek: unknown; did you mean "podSpec"?',
  ]);
});
