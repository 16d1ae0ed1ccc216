import { InvalidInputError } from '../../../src/error';
import { compileCondition, type ConditionInput } from '../../../src/verify/requirement/condition';

const NOW = new Date('2026-11-27T12:00:00Z');

function input(predicate: unknown): ConditionInput {
  return {
    statement: { predicateType: 'https://example.com/test/v1', predicate },
    predicate,
    annotations: { stage: 'prod' },
    signer: { kind: 'keyless', identity: 'ci@example.com', issuer: 'https://issuer.example.com' },
    now: NOW,
  };
}

const fault = async (text: string, predicate: unknown = {}) =>
  (await compileCondition(text, 'require[0].condition')).fault(input(predicate));

const refusal = async (text: string): Promise<readonly unknown[]> => {
  try {
    await compileCondition(text, 'require[0].condition');
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems;
    throw error;
  }
  return [];
};

describe('a condition', () => {
  const scan = {
    scanner: { result: [{ severity: 'LOW', score: 2.5 }] },
    metadata: { scanFinishedOn: '2026-11-26T12:00:00Z' },
    count: 3,
  };

  it.each([
    ["predicate.scanner.result.all(each, each.severity != 'CRITICAL')"],
    ['predicate.scanner.result.all(each, each.score < 7)'],
    ['predicate.count == 3'],
    ["timestamp(predicate.metadata.scanFinishedOn) > now - duration('48h')"],
    ["statement.predicateType.matches('^https://example[.]com/.*$')"],
    ["annotations.stage == 'prod'"],
    ["signer.issuer == 'https://issuer.example.com' && signer.kind == 'keyless'"],
    ['!has(predicate.missing)'],
    ["predicate == {'a': 1} || size(predicate.scanner.result) == 1"],
  ])('is met: %s', async (text) => {
    expect(await fault(text, scan)).toBeUndefined();
  });

  it.each([
    ["predicate.scanner.result.all(each, each.severity == 'CRITICAL')", 'does not meet'],
    ['predicate.missing == 1', 'cannot be evaluated: field not found: missing'],
    ['predicate.count', 'the result is neither true nor false'],
    // Members of JavaScript's objects are not part of the predicate.
    ["has(predicate.constructor) || 'toString' in predicate", 'does not meet'],
    ['predicate.__proto__ == null', 'cannot be evaluated'],
    ["predicate.scanner.result[5].severity == 'LOW'", 'cannot be evaluated'],
  ])('is not met: %s', async (text, reason) => {
    expect(await fault(text, scan)).toContain(reason);
  });

  it('takes linear time for a pattern that takes exponential time in other engines', async () => {
    expect(
      await fault("predicate.text.matches('^(a+)+$')", { text: `${'a'.repeat(5000)}b` }),
    ).toContain('does not meet');
  });

  it.each([
    ['', 'is empty'],
    ['predicate.a +', 'is not a valid condition in CEL'],
    ['predicat.a == 1', 'there is no "predicat"; a condition may use statement, predicate'],
    ['predicate.all(x, y == 1)', 'there is no "y"'],
    ['predicate.list.exist(x, x == 1)', 'there is no function "exist"'],
    ["{'a': unknown} == predicate", 'there is no "unknown"'],
    ['[other] == predicate', 'there is no "other"'],
    ["'text'", 'cannot give true or false'],
    ['1 + 2', 'cannot give true or false'],
    ['size(predicate)', 'cannot give true or false'],
    ['[true]', 'cannot give true or false'],
    [`predicate == '${'x'.repeat(17_000)}'`, 'at most 16384 are allowed'],
  ])('is refused before anything is read: %s', async (text, message) => {
    expect(await refusal(text)).toEqual([
      expect.objectContaining({
        property: 'require[0].condition',
        message: expect.stringContaining(message) as string,
      }),
    ]);
  });
});
