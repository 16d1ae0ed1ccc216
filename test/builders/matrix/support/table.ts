import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CASES } from '../cases';
import { Cell, type MatrixCase } from './cell';
import { type ColumnName, columnOf } from './columns';
import { type Engines, startEngines } from './engines';
import { runCell } from './run-cell';
import { createSigner, type Signer } from './signature';
import { SAMPLE } from './tally';

const CELL_TIMEOUT_MS = 300_000;

/** Repository path of a cell: letters and digits of its names. */
const pathOf = (column: ColumnName, row: MatrixCase): string =>
  `matrix/${[column, row.name]
    .map((name) =>
      name
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .replaceAll(/^-|-$/g, ''),
    )
    .join('/')}`;

/** Defines a test for each cell of these columns. The engines are started once. */
export function defineCells(all: readonly ColumnName[]): void {
  const columns = all.filter((name) => !SAMPLE || columnOf(name).fullRunOnly !== true);
  let engines: Engines;
  let signer: Signer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'matrix-signer-'));
    signer = await createSigner(folder, `canary-${randomBytes(12).toString('hex')}`);
    engines = await startEngines(new Set(columns.map((name) => columnOf(name).engine)));
  }, 240_000);
  afterAll(async () => {
    await engines?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  const rows = SAMPLE ? CASES.filter(({ sample }) => sample) : CASES;
  describe.each(columns.map((name) => [name] as const))('%s', (name) => {
    test.each(rows.map((row) => [row.name, row] as const))(
      '%s',
      async (_, row) => {
        const column = columnOf(name);
        const engine = engines.engines.get(column.engine);
        if (engine === undefined) throw new Error(`the engine of ${name} was not started`);
        const { registries } = engines;
        const path = pathOf(name, row);
        await runCell(new Cell({ column, engine, registries, signer, path }), row);
      },
      CELL_TIMEOUT_MS,
    );
  });
}
