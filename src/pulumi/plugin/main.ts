import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_VERSION } from '../package';
import type * as component from './protocol/component-construction';
import { createCrudService } from './protocol/crud-service';
import { createEngineLog } from './protocol/engine-log';
import type * as world from './environment';
import { onFirstUse } from './protocol/first-use';
import type * as heap from './heap-growth';
import { createResources } from './resources';
import { serve } from './protocol/server';

const SCHEMA = join(__dirname, '..', '..', '..', 'schema.json');

/**
 * The plugin process: Pulumi starts it with the engine's address as its last argument. What is
 * imported here is loaded before the first answer, for which the engine waits: no more than the
 * SDK's server itself needs. All else is loaded on its first use (docs/adr/0009).
 */
async function run(args: readonly string[]): Promise<void> {
  const environment = onFirstUse(() => {
    const { createPluginEnvironment } = require('./environment') as typeof world;
    const { limitHeapGrowth } = require('./heap-growth') as typeof heap;
    limitHeapGrowth();
    return createPluginEnvironment(process.env, process.cwd());
  });
  const engineLog = createEngineLog(args.at(-1));
  const crud = createCrudService(createResources(environment.get), engineLog);
  const provider = {
    version: PACKAGE_VERSION,
    getSchema: async () => readFileSync(SCHEMA, 'utf8'),
    construct: async (...asked: Parameters<typeof component.constructComponent>) => {
      const { constructComponent } =
        require('./protocol/component-construction') as typeof component;
      return constructComponent(...asked);
    },
    cancel: async () => environment.made?.close(),
  };
  await serve(provider, crud, args);
}

void run(process.argv.slice(2));
