import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { schemaText } from '../../dev/schema/package-schema';

describe('schema.json', () => {
  const checkedIn = readFileSync(join(__dirname, '..', '..', 'schema.json'), 'utf8');

  it('is what the types say; run `npm run schema` after a change', () => {
    expect(checkedIn).toBe(schemaText());
  });

  it('documents every input and output of the public resources', () => {
    const { resources } = JSON.parse(checkedIn) as {
      resources: Record<
        string,
        {
          properties: Record<string, { description?: string }>;
          inputProperties: Record<string, { description?: string; $ref?: string }>;
        }
      >;
    };
    for (const name of ['SignedImage', 'VerifiedImage']) {
      const resource = resources[`signed-image:index:${name}`];
      const undocumented = Object.entries({ ...resource?.properties, ...resource?.inputProperties })
        .filter(([, property]) => !property.description)
        .map(([property]) => property);
      expect(
        undocumented.filter((property) => !['sigstore', 'registry'].includes(property)),
      ).toEqual([]);
    }
    expect(checkedIn).not.toContain('[object Object]');
  });
});
