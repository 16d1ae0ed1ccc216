import * as pulumi from '@pulumi/pulumi';

import { guardInputs } from '../../../src/pulumi/plugin/inputs/guarded-inputs';
import { toValue, type Properties } from '../../../src/pulumi/plugin/protocol/wire-value';
import { guardedArguments } from '../../../src/pulumi/secrecy/guarded-arguments';
import { RESOURCE_INPUTS, type ResourceName } from '../../../src/pulumi/secrecy/input-table';

const CANARY = 'canary-value-of-a-misspelt-member';

/** What the class sends of an object that is an output, as the plugin receives it. */
async function sent(resource: ResourceName, args: Readonly<Record<string, unknown>>) {
  const guarded = pulumi.output(guardedArguments(resource, args));
  const plain = await new Promise<unknown>((resolve) => void guarded.apply(resolve));
  return toValue(plain) as Properties;
}

async function problemsOf(resource: ResourceName, args: Readonly<Record<string, unknown>>) {
  const { problems } = guardInputs(RESOURCE_INPUTS[resource], await sent(resource, args));
  return problems.map(({ property, message }) => `${property}: ${message}`);
}

describe('a misspelt member of an object that is an output as a whole', () => {
  it('reaches the plugin by its name, without its value', async () => {
    const args = { registry: pulumi.output({ pasword: CANARY }) };
    expect(await problemsOf('VerifiedImage', args)).toEqual([
      'registry.pasword: unknown; did you mean "password"?',
    ]);
    expect(JSON.stringify(await sent('VerifiedImage', args))).not.toContain(CANARY);
  });

  it('is refused in a promise too, each on its path', async () => {
    const build = Promise.resolve({ context: 'app', comtext: 'x', taget: 'y' });
    expect(await problemsOf('ImageBuild', { build })).toEqual([
      'build.comtext: unknown; did you mean "context"?',
      'build.taget: unknown; did you mean "target"?',
    ]);
  });

  it('adds nothing where all members are known', async () => {
    const build = pulumi.output({ context: 'app', args: { any: 'thing' }, target: undefined });
    expect(await problemsOf('ImageBuild', { build })).toEqual([]);
    expect(await sent('ImageBuild', { build })).toEqual({
      build: { context: 'app', args: { any: 'thing' } },
    });
  });
});
