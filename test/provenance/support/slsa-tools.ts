import { programPath } from '../../../dev/services/program-path';
import { runTool } from '../../interop/support/tools';

let program: string | undefined;

/** Validates statements with in-toto's own Go module: `ok`, or what is wrong, for each. */
export async function validatedByInToto(statements: readonly object[]): Promise<readonly string[]> {
  const input = statements.map((each) => `${JSON.stringify(each)}\n`).join('');
  const { code, stdout, stderr } = await runTool(
    (program ??= programPath('in-toto', 'intoto-statement')),
    [],
    {
      input,
    },
  );
  if (code !== 0) throw new Error(stderr);
  return stdout.trimEnd().split('\n');
}
