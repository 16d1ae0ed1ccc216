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
import type * as heapModule from '../../host/heap-growth';
import { createResources } from './resources';
import { serve } from './protocol/server';

const SCHEMA = join(__dirname, '..', '..', '..', 'schema.json');

/**
 * Serves the plugin. Pulumi starts it with the engine's address as its last argument. The imports
 * here are loaded before the first response, which the engine waits for: they are limited to what
 * the SDK's server needs. All other modules are loaded on first use (docs/explanation/adr/0009).
 */
export async function runPlugin(
  args: readonly string[],
  policies: () => constructionModule.PolicyComponents,
): Promise<void> {
  const environment = lazy(() => {
    const { createPluginEnvironment } = require('./environment') as typeof environmentModule;
    const { limitHeapGrowth } = require('../../host/heap-growth') as typeof heapModule;
    limitHeapGrowth();
    return createPluginEnvironment(process.env, process.cwd(), { engine: args.at(-1) });
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
    construct: async (...args: constructionModule.ConstructCall) => {
      const { constructComponent } =
        require('./protocol/component-construction') as typeof constructionModule;
      return constructComponent(policies, ...args);
    },
    cancel: async () => environment.created?.close(),
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    // A builder that is ended by us removes its own files, and the second signal ends this process at once.
    await environment.created?.builds.stop();
    process.kill(process.pid, signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop(signal));
  await serve(provider, crud, args);
  // Started after the server, so that the first response does not wait for it.
  watchEngine(args.at(-1), () => process.exit(1));
}
