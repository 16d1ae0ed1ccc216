import { PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';

import { detailedDiff } from '../../../../src/pulumi/plugin/protocol/detailed-diff';
import {
  type Properties,
  Secret,
  UNKNOWN,
} from '../../../../src/pulumi/plugin/protocol/wire-value';

const NAMES = Object.fromEntries(
  Object.entries(PropertyDiff.Kind).map(([name, value]) => [value, name]),
);

function diffOf(
  olds: Properties,
  news: Properties,
  changed: readonly string[],
  replaces: readonly string[] = [],
): Readonly<Record<string, string>> {
  const entries = [...detailedDiff({ changed, replaces }, olds, news)].map(([path, diff]) => [
    path,
    `${NAMES[diff.getKind()] ?? ''}${diff.getInputdiff() ? '' : ' of an output'}`,
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

describe('the detailed diff', () => {
  it('has the path of each changed member, and no other', () => {
    const olds = {
      annotations: { team: 'a', 'a.b': '1', same: 'x' },
      keys: ['one', 'two'],
      format: 'bundle',
    };
    const news = {
      annotations: { team: 'b', same: 'x', added: 'y' },
      keys: ['one', 'three', 'four'],
      registry: { username: 'u' },
    };
    const changed = ['annotations', 'keys', 'format', 'registry'];
    expect(diffOf(olds, news, changed)).toEqual({
      'annotations.team': 'UPDATE',
      'annotations["a.b"]': 'DELETE',
      'annotations.added': 'ADD',
      'keys[1]': 'UPDATE',
      'keys[2]': 'ADD',
      format: 'DELETE',
      registry: 'ADD',
    });
  });

  it('compares secrets by their value, and takes an unknown value for a change', () => {
    const olds = { registry: { password: new Secret('a'), username: 'u' }, image: 'i' };
    const news: Properties = {
      registry: { password: new Secret('b'), username: new Secret('u') },
      image: UNKNOWN,
    };
    expect(diffOf(olds, news, ['registry', 'image'], ['image'])).toEqual({
      'registry.password': 'UPDATE',
      image: 'UPDATE_REPLACE',
    });
  });

  it('names what the provider found in the registry as a change of an output', () => {
    expect(diffOf({ image: 'i' }, { image: 'i' }, ['signatures'])).toEqual({
      signatures: 'UPDATE of an output',
    });
  });

  it('is empty where nothing changed', () => {
    expect(diffOf({ image: 'i' }, { image: 'j' }, [])).toEqual({});
  });
});
