import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_VERSION } from '../package';
import { constructComponent } from './component-construction';
import { createCrudService } from './crud-service';
import { createEngineLog } from './engine-log';
import { createPluginEnvironment } from './environment';
import { createResources } from './resources';
import { serve } from './server';

const SCHEMA = join(__dirname, '..', '..', '..', 'schema.json');

/** The plugin process: Pulumi starts it with the engine's address as its last argument. */
async function run(args: readonly string[]): Promise<void> {
  const environment = createPluginEnvironment(process.env, process.cwd());
  const engineLog = createEngineLog(args.at(-1));
  const crud = createCrudService(createResources(environment), engineLog);
  const provider = {
    version: PACKAGE_VERSION,
    getSchema: async () => readFileSync(SCHEMA, 'utf8'),
    construct: constructComponent,
    cancel: () => environment.close(),
  };
  await serve(provider, crud, args);
}

void run(process.argv.slice(2));
