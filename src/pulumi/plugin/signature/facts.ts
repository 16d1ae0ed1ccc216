import { resolve } from 'node:path';

import { parseContexts } from '../../../build';
import type { SourceFacts } from '../../../source';
import { type FactsOutput, factsFromOutput, readSource } from '../inputs/declared-source';
import type { PluginEnvironment } from '../environment';
import { differsIn, type Properties } from '../protocol/wire-value';
import { InputReader } from '../inputs/input-reader';
import { type BuildPaths, declaredSource } from '../build/source-detection';

/** The inputs and outputs of the last update; empty for a new resource. */
export interface PreviousState {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/**
 * Returns the facts that are bound to the digest (docs/explanation/adr/0002): those of the build; for an image that
 * was not built here, those of its first signing, until the digest or a declared fact changes.
 */
export async function boundFacts(
  inputs: Properties,
  before: PreviousState,
  environment: PluginEnvironment,
): Promise<SourceFacts> {
  const ofBuild = new InputReader(inputs['facts']).json();
  if (ofBuild) return factsFromOutput(ofBuild as FactsOutput);
  const bound = new InputReader(before.outputs['facts']).json();
  const same = !differsIn(before.inputs, inputs, ['image', 'source']);
  if (bound && same) return factsFromOutput(bound as FactsOutput);
  const overrides = readSource(new InputReader(inputs).at('source'));
  return declaredSource(overrides, pathsOfBuild(inputs, environment), environment);
}

/** Returns the paths of a build by another provider's resource, which reports no facts itself. */
function pathsOfBuild(inputs: Properties, { cwd }: PluginEnvironment): BuildPaths | undefined {
  const build = new InputReader(inputs).at('build');
  const [context, dockerfile] = [build.at('context').string(), build.at('dockerfile').string()];
  if (context === undefined || dockerfile === undefined) return undefined;
  const declared = { builder: build.at('builder').string() };
  return {
    context: resolve(cwd, context),
    dockerfile: resolve(cwd, dockerfile),
    contexts: parseContexts(build.at('contexts').record(), cwd),
    declared,
  };
}
