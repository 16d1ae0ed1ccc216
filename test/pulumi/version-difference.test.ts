import { versionDifference } from '../../src/pulumi/version-difference';

describe('the versions of the library and the plugin', () => {
  it.each([
    ['0.1.0', '0.2.0', true],
    ['0.1.3', '0.1.0', false],
    ['0.9.0', '1.0.0', true],
    ['1.2.0', '1.3.1', false],
    ['1.2.0', '2.2.0', true],
    ['0.1.0-beta.1', '0.1.0', false],
  ])('%s and %s differ, incompatible: %s', (library, plugin, isIncompatible) => {
    const difference = versionDifference(library, plugin);
    expect(difference?.isIncompatible).toBe(isIncompatible);
    expect(difference?.message).toContain(`pulumi-signed-image ${library}, and the plugin`);
    expect(difference?.message).toContain(`npm install pulumi-signed-image@${plugin}`);
  });

  it('do not differ if they are equal', () => {
    expect(versionDifference('0.1.0', '0.1.0')).toBeUndefined();
  });
});
