import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { World } from './world';
import { ROOT } from './tools';

/** A copy of a folder of examples/ that uses the installed package's plugin. */
export function copyExample(example: string, project: string, { plugin }: World): void {
  cpSync(join(ROOT, 'examples', example), project, { recursive: true });
  const file = join(project, 'Pulumi.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('../../plugin', plugin));
}
