import { readFileSync } from 'node:fs';

import { VERIFIERS_PAGE, withResults } from '../../../dev/verifiers/document';
import { readResults } from '../../../dev/verifiers/results';

test('docs/reference/verifiers.md has the recorded results of the matrix', () => {
  const page = readFileSync(VERIFIERS_PAGE, 'utf8');
  expect(page).toBe(withResults(page, readResults()));
});

test('another result changes the page', () => {
  const page = readFileSync(VERIFIERS_PAGE, 'utf8');
  const results = readResults();
  const [first, ...rest] = results.cells;
  const { flags: _flags, ...cell } = first!;
  const changed = { ...results, cells: [{ ...cell, gap: 'another reason' }, ...rest] };
  expect(withResults(page, changed)).toContain('another reason');
});
