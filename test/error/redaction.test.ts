import { InvalidInputError, SignedImageError } from '../../src/error';
import { redactSecrets, redactText } from '../../src/error/redaction';
import { everythingIn } from '../sign/support/host';

const SECRET = 'pa"ss wörd/';

describe('redaction', () => {
  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify(SECRET)],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
  ])('finds a secret %s', (_, shown) => {
    expect(redactText(`before ${shown} after`, [SECRET])).toMatch(
      /^before "?\[redacted\]"? after$/,
    );
  });

  it('finds each part of a web token', () => {
    const parts = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJzb21lYm9keSJ9', 'c2lnbmF0dXJlc2lnbmF0dXJl'];
    expect(redactText(`claims: ${parts[1]}`, [parts.join('.')])).toBe('claims: [redacted]');
  });

  it('leaves words alone that hold a very short secret by chance', () => {
    expect(redactText('the password is wrong', ['ss', ''])).toBe('the password is wrong');
  });

  it('redacts causes, stacks and members, and keeps the message', () => {
    const innermost = Object.assign(new TypeError(`bad ${SECRET}`), {
      code: 'ECONNRESET',
      request: { headers: { authorization: SECRET } },
    });
    const error = new SignedImageError({
      code: 'FULCIO_FAILED',
      property: 'sigstore.fulcioUrl',
      message: `failed with ${SECRET}`,
      cause: new Error('wrapped', { cause: innermost }),
    });
    const copy = redactSecrets(error, [SECRET]);
    expect(everythingIn(copy)).not.toContain(SECRET);
    expect(copy).toBeInstanceOf(SignedImageError);
    expect(copy).toMatchObject({ code: 'FULCIO_FAILED', property: 'sigstore.fulcioUrl' });
    expect((copy.cause as Error).cause).toMatchObject({
      name: 'TypeError',
      code: 'ECONNRESET',
      message: 'bad [redacted]',
    });
    expect(everythingIn(error)).toContain(SECRET);
  });

  it('keeps all problems of an invalid input', () => {
    const problem = {
      property: 'key.password',
      code: 'INPUT_INVALID' as const,
      message: `not ${SECRET}`,
    };
    const copy = redactSecrets(new InvalidInputError([problem]), [SECRET]);
    expect(copy).toMatchObject({ problems: [{ ...problem, message: 'not [redacted]' }] });
  });

  it('accepts values that are not errors, and cyclic causes', () => {
    expect(redactSecrets(`said ${SECRET}`, [SECRET]).message).toBe('said [redacted]');
    expect(redactSecrets({ no: 'error' }, [SECRET]).message).toBe('[object Object]');
    const looping: Error = new Error('a');
    looping.cause = new Error('b', { cause: looping });
    expect(
      ((redactSecrets(looping, [SECRET]).cause as Error).cause as Error | undefined)?.message,
    ).toBeUndefined();
    expect(redactSecrets(new Error('a', { cause: `said ${SECRET}` }), [SECRET]).cause).toBe(
      'said [redacted]',
    );
  });
});
