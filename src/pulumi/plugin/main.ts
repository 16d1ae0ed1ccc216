import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_VERSION } from '../package';
import { configuredResources } from './configuration/configured-resources';
import type * as constructionModule from './protocol/component-construction';
import { createCrudService } from './protocol/crud-service';
import { createEngineLog } from './protocol/engine-log';
import { watchEngine } from './protocol/engine-watch';
import type * as environmentModule from './environment';
import { lazy } from './protocol/first-use';
import type * as heapModule from './heap-growth';
import { createResources } from './resources';
import { serve } from './protocol/server';

const SCHEMA = join(__dirname, '..', '..', '..', 'schema.json');

/**
 * The plugin process. Pulumi starts it with the engine's address as its last argument. The imports
 * here are loaded before the first response, which the engine waits for: they are limited to what
 * the SDK's server needs. All other modules are loaded on first use (docs/explanation/adr/0009).
 */
async function run(args: readonly string[]): Promise<void> {
  const environment = lazy(() => {
    const { createPluginEnvironment } = require('./environment') as typeof environmentModule;
    const { limitHeapGrowth } = require('./heap-growth') as typeof heapModule;
    limitHeapGrowth();
    return createPluginEnvironment(process.env, process.cwd());
  });
  const engineLog = createEngineLog(args.at(-1));
  const {
    provider: providerInputs,
    resources,
    functions,
  } = configuredResources(createResources(environment.get), environment.get);
  const crud = createCrudService(resources, providerInputs, functions, engineLog);
  const provider = {
    version: PACKAGE_VERSION,
    getSchema: async () => readFileSync(SCHEMA, 'utf8'),
    construct: async (...args: Parameters<typeof constructionModule.constructComponent>) => {
      const { constructComponent } =
        require('./protocol/component-construction') as typeof constructionModule;
      return constructComponent(...args);
    },
    cancel: async () => environment.created?.close(),
  };
  await serve(provider, crud, args);
  // Started after the server, so that the first response does not wait for it.
  watchEngine(args.at(-1), () => process.exit(1));
}

void run(process.argv.slice(2));
