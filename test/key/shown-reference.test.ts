import { isSecretReference, shownReference } from '../../src/key';

describe('a key reference', () => {
  it.each(['cosign.key', 'env://KEY', 'awskms:///alias/release', 'pkcs11:token=t;id=%01'])(
    '%s is shown as it is',
    (ref) => {
      expect(shownReference(ref)).toBe(ref);
      expect(isSecretReference(ref)).toBe(false);
    },
  );

  it('that is the key itself is not shown', () => {
    const ref = '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----';
    expect(shownReference(ref)).toBe('PEM text, not stored');
    expect(isSecretReference(ref)).toBe(true);
  });

  it('is shown without its PIN', () => {
    const ref = 'pkcs11:token=t;id=%01?pin-value=canary&module-path=/m.so';
    expect(shownReference(ref)).toBe(
      'pkcs11:token=t;id=%01?pin-value=not-stored&module-path=/m.so',
    );
    expect(isSecretReference(ref)).toBe(true);
  });
});
