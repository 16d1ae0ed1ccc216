import type { Cell, MatrixCase } from './cell';
import { tagsOf } from './registry-reader';
import { recordCell } from './tally';

/**
 * Runs one cell: the builds of its case, a signature that real cosign verifies, and checks of the
 * command lines, of the image and of what is left on this machine. The outcome becomes a line of the table.
 */
export async function runCell(cell: Cell, row: MatrixCase): Promise<void> {
  const started = Date.now();
  const record = (outcome: 'passed' | 'refused' | 'failed'): void =>
    recordCell({
      builder: cell.column.name,
      case: row.name,
      outcome,
      used: [...new Set(cell.used)],
      seconds: Math.round((Date.now() - started) / 1000),
    });
  try {
    await cell.prepare();
    const refusal = row.refusedBy?.[cell.column.name];
    if (refusal === undefined) {
      await row.run(cell);
      await cell.signNow();
    } else {
      await expectRefusal(cell, row, refusal);
    }
    checkSecrets(cell);
    await cell.checkLeftovers();
    record(refusal === undefined ? 'passed' : 'refused');
  } catch (error) {
    record('failed');
    throw new Error(`${errorText(error)}\n\noutput of the builder:\n${lastLines(cell)}`, {
      cause: error,
    });
  } finally {
    cell.context.remove();
  }
}

/** The case fails with the expected message, before anything of it is in the registry. */
async function expectRefusal(cell: Cell, row: MatrixCase, refusal: RegExp): Promise<void> {
  const error = await row.run(cell).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error(`it succeeded, and ${String(refusal)} was expected`);
  // An assertion that failed is not a refusal.
  expect(error).toMatchObject({ code: expect.stringMatching(/^BUILD/) as unknown });
  expect(errorText(error)).toMatch(refusal);
  expect(await tagsOf(cell.access, cell.path)).toEqual([]);
}

/** No secret in a command line, or in the image. */
function checkSecrets(cell: Cell): void {
  for (const report of cell.reports) expect(report.secrets).toEqual([]);
  if (cell.last === undefined) return;
  expect(cell.reports.at(-1)?.sawBuild).toBe(true);
  for (const { bytes } of cell.last.image.platforms)
    expect(cell.secrets.filter((secret) => bytes.includes(secret))).toEqual([]);
}

const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const lastLines = ({ lines }: Cell): string => lines.slice(-25).join('\n');
