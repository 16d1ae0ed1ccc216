import fc from 'fast-check';

import { parseChallenges } from '../../src/oci/challenge';

const token = fc.string({
  unit: fc.constantFrom(..."abzAZ09!#$%&'*+-.^_`|~"),
  minLength: 1,
  maxLength: 8,
});
const value = fc.string({ unit: fc.constantFrom(...'ab",=\\ \t/:?&é'), maxLength: 12 });
const challenge = fc.record({
  scheme: token,
  parameters: fc.uniqueArray(fc.tuple(token, value), {
    maxLength: 4,
    selector: ([name]) => name.toLowerCase(),
  }),
});

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

describe('the challenges of a WWW-Authenticate header', () => {
  it('come back from the text of any of them', () => {
    fc.assert(
      fc.property(
        fc.array(challenge, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(',', ', ', ' ,\t'),
        (challenges, by) => {
          const text = challenges
            .map(({ scheme, parameters }) => {
              const list = parameters.map(([name, text]) => `${name}=${quote(text)}`).join(by);
              return list === '' ? scheme : `${scheme} ${list}`;
            })
            .join(by);
          expect(parseChallenges(text)).toEqual(
            challenges.map(({ scheme, parameters }) => ({
              scheme: scheme.toLowerCase(),
              parameters: Object.fromEntries(
                parameters.map(([name, text]) => [name.toLowerCase(), text]),
              ),
            })),
          );
        },
      ),
    );
  });

  it('are read from any text without failing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), value), (text) => {
        for (const { scheme } of parseChallenges(text)) expect(scheme).toBe(scheme.toLowerCase());
      }),
    );
  });

  it.each([
    ['Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"', ['bearer']],
    ['Negotiate, Basic realm="x"', ['negotiate', 'basic']],
    ['Negotiate YWJj==, Bearer realm=unquoted', ['negotiate', 'bearer']],
    ['BASIC', ['basic']],
    ['', []],
    ['"', []],
  ])('%s', (text, schemes) => {
    expect(parseChallenges(text).map(({ scheme }) => scheme)).toEqual(schemes);
  });

  it('keep the first of two values, and unquoted ones', () => {
    const [first] = parseChallenges('Bearer realm=one,Realm="two",service = three');
    expect(first?.parameters).toEqual({ realm: 'one', service: 'three' });
  });
});
