import { type Stack, startStack } from '../interop/support/stack';
import { SOURCE_CASES } from './cases';
import type { RunningSource } from './source-case';
import { record } from './support/table';
import { tryOut } from './support/trial';

describe('every key source and identity signs, and is verified by us and by real cosign', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ referrersApi: true });
  });
  afterAll(() => stack.close());

  test.each(SOURCE_CASES.map((each) => [each.source, each.against, each] as const))(
    '%s (%s)',
    async (_source, _against, sourceCase) => {
      let running: RunningSource | undefined;
      try {
        running = await sourceCase.start({ sigstore: stack.sigstore });
        record(sourceCase, await tryOut(running, stack));
      } finally {
        await running?.stop();
      }
    },
    180_000,
  );
});
