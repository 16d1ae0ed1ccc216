import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { command } from './command';
import type { Language } from './language';
import { SDK } from './world';

export const GO: Language = {
  name: 'Go',
  example: 'existing-image-go',
  sdk: 'go/signedimage/signedImage.go',
  install: async (project) => {
    const file = join(project, 'go.mod');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('../../sdk', SDK));
  },
  compile: async (project) => {
    await command(project, ['go', 'vet', './...']);
  },
  host: 'pulumi-language-go',
};
