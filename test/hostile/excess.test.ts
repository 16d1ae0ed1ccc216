import { CASES } from './excess/parsers';
import { withinMemory } from './support/limits';
import { withinProcessorTime } from './support/processor-time';
import { tallyLies } from './support/tally';

const told: string[] = [];
const withstood: string[] = [];
afterAll(() => tallyLies(told.length, withstood.length));

/**
 * What is large is read or refused, in a time that grows as it does, and within the memory that
 * each foreign answer may take. Which of both is the parser's own affair.
 */
test.each(CASES)('$title', async ({ title, parser, input }) => {
  const bytes = input();
  told.push(title);
  await withinMemory(() =>
    withinProcessorTime(bytes.length, async () => {
      try {
        await parser.parse(bytes);
      } catch (error) {
        // Readers of bundles wrap the library's errors; a stack overflow must not be the result.
        if (!(error instanceof Error) || error instanceof RangeError) throw error;
        if (error.message.length > 20_000) throw new Error('an error message without end');
      }
    }),
  );
  withstood.push(title);
});
