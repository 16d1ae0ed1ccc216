import { CASES } from './excess/parsers';
import { withinMemory } from './support/limits';
import { withinProcessorTime } from './support/processor-time';
import { recordCounts } from './support/tally';

const parsed: string[] = [];
const withstood: string[] = [];
afterAll(() => recordCounts(parsed.length, withstood.length));

/**
 * Large input is parsed or rejected, in linear time and within the memory limit of a response.
 * Each parser decides which of both.
 */
test.each(CASES)('$title', async ({ title, parser, input }) => {
  const bytes = input();
  parsed.push(title);
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
