import { readFileSync } from 'node:fs';

import { BUILDERS_PAGE, withCapabilityTable } from '../../dev/capabilities/document';
import {
  BUILDER_VARIANTS,
  type BuilderVariant,
  CAPABILITIES,
  unsupportedInput,
} from '../../src/build/capabilities';
import { Context } from './requests';

test('the page has the table of the code', () => {
  const page = readFileSync(BUILDERS_PAGE, 'utf8');
  expect(withCapabilityTable(page)).toBe(page);
});

test('a plain request is supported by every builder', () => {
  const context = new Context();
  const request = context.request('r.example/app');
  for (const variant of Object.keys(BUILDER_VARIANTS) as BuilderVariant[])
    expect(unsupportedInput(variant, request)).toBeUndefined();
  context.remove();
});

test('every capability is supported by a builder', () => {
  for (const { support } of CAPABILITIES)
    expect(Object.values(support).some((each) => each !== 'no')).toBe(true);
});
