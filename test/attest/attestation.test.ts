import {
  attestationStatement,
  MAX_PREDICATE_BYTES,
  parsePredicate,
  parsePredicateType,
  PREDICATE_TYPES,
  type PredicateTypeName,
  samePredicate,
} from '../../src/attest';
import { InvalidInputError } from '../../src/error';
import { digestOf, parseReference } from '../../src/oci';
import { OWN_PREDICATE, OWN_TYPE, PREDICATES, SPDX_TEXT } from '../attestations/support/predicates';

const NOW = new Date('2026-03-01T12:00:00.123Z');
const NAMES = Object.keys(PREDICATE_TYPES) as PredicateTypeName[];

function problemsOf(predicateType: string, predicate: string | object): readonly string[] {
  const content = typeof predicate === 'string' ? predicate : JSON.stringify(predicate);
  try {
    parsePredicate({ predicateType, predicate: content }, NOW);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return error.problems.map(({ property, message }) => `${property}: ${message}`);
  }
  return [];
}

describe('a predicate type', () => {
  it.each([
    ['slsaprovenance', 'https://slsa.dev/provenance/v0.2'],
    ['slsaprovenance02', 'https://slsa.dev/provenance/v0.2'],
    ['slsaprovenance1', 'https://slsa.dev/provenance/v1'],
    ['spdx', 'https://spdx.dev/Document'],
    ['spdxjson', 'https://spdx.dev/Document'],
    ['cyclonedx', 'https://cyclonedx.org/bom'],
    ['vuln', 'https://cosign.sigstore.dev/attestation/vuln/v1'],
    ['openvex', 'https://openvex.dev/ns'],
    ['link', 'https://in-toto.io/Link/v1'],
    ['custom', 'https://cosign.sigstore.dev/attestation/v1'],
    [OWN_TYPE, OWN_TYPE],
  ])('%s is %s', (name, uri) => {
    expect(parsePredicateType(name)).toBe(uri);
  });

  it.each(['', 'sbom', 'SPDX', '/path', 'a b:c', 'constructor'])(
    'is not %p',
    (text) => {
      expect(() => parsePredicateType(text)).toThrow(
        /predicateType: must be one of slsaprovenance/,
      );
    },
  );

  it('is not that of a signature', () => {
    expect(() => parsePredicateType('https://sigstore.dev/cosign/sign/v1')).toThrow(
      /is the type of a signature/,
    );
  });
});

describe('a predicate', () => {
  it.each(NAMES.filter((name) => name !== 'custom'))('of %s is signed as it is', (name) => {
    const { predicate, predicateType } = parsePredicate(
      { predicateType: name, predicate: PREDICATES[name] },
      NOW,
    );
    expect(predicateType).toBe(PREDICATE_TYPES[name]);
    expect(predicate).toEqual(JSON.parse(PREDICATES[name]));
  });

  it('may be given as an object', () => {
    const given = { predicateType: OWN_TYPE, predicate: { approved: true } };
    expect(parsePredicate(given, NOW).predicate).toEqual({ approved: true });
  });

  it('of custom is any text, with the time', () => {
    const wrapped = { Data: 'no JSON {', Timestamp: '2026-03-01T12:00:00Z' };
    const given = { predicateType: 'custom', predicate: 'no JSON {' };
    expect(parsePredicate(given, NOW).predicate).toEqual(wrapped);
  });

  it('of spdx may be a text', () => {
    const given = { predicateType: 'spdx', predicate: SPDX_TEXT };
    expect(parsePredicate(given, NOW).predicate).toBe(SPDX_TEXT);
    expect(problemsOf('spdx', 'something else')).toEqual([
      'predicate: is not an SPDX document: it does not state the version of SPDX',
    ]);
  });

  it.each([
    ['slsaprovenance1', {}, ['buildDefinition is missing', 'runDetails is missing']],
    [
      'slsaprovenance1',
      { buildDefinition: { buildType: 1, externalParameters: [] }, runDetails: { builder: '' } },
      [
        'buildDefinition.buildType must be a URI',
        'buildDefinition.externalParameters must be an object',
        'runDetails.builder must be an object',
      ],
    ],
    [
      'slsaprovenance',
      { builder: { id: 'x' }, metadata: { buildStartedOn: 'today' } },
      [
        'builder.id must be a URI',
        'buildType is missing',
        'metadata.buildStartedOn must be an RFC 3339 time, for example 2027-01-31T00:00:00Z',
      ],
    ],
    [
      'spdxjson',
      { spdxVersion: '2.3' },
      ['spdxVersion must start with "SPDX-"', 'SPDXID is missing'],
    ],
    [
      'spdxjson',
      { '@context': 'https://example.com' },
      ['@context must start with "https://spdx.org/rdf/3"', '@graph is missing'],
    ],
    [
      'cyclonedx',
      { bomFormat: 'SPDX' },
      ['bomFormat must be "CycloneDX"', 'specVersion is missing'],
    ],
    ['vuln', { scanner: {} }, ['scanner.result is missing', 'metadata is missing']],
    [
      'openvex',
      { '@context': 'https://example.com', statements: {} },
      [
        '@context must start with "https://openvex.dev/ns"',
        '@id is missing',
        'author is missing',
        'timestamp is missing',
        'statements must be a list',
      ],
    ],
    [
      'link',
      { _type: 'layout', name: '', command: [1], environment: null },
      [
        '_type must be "link"',
        'name must be a non-empty string',
        'materials is missing',
        'products is missing',
        'byproducts is missing',
        'command must be a list of strings',
        'environment must be an object',
      ],
    ],
    // The URI of a type has the same shape as its short name.
    ['https://cyclonedx.org/bom', {}, ['bomFormat is missing', 'specVersion is missing']],
  ] as const)('of %s with %j is refused with all its problems', (type, predicate, expected) => {
    expect(problemsOf(type, predicate)).toEqual(expected.map((each) => `predicate: ${each}`));
  });

  it.each([
    ['text', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['{"a":1,"a":2}', 'has the name "a" twice in one object'],
    [`${'{"a":'.repeat(80)}1${'}'.repeat(80)}`, 'is nested deeper than 64 levels'],
    [' ', 'is empty'],
    ['{"a":"\uFFFD"}', 'contains U+FFFD: a file with other bytes than UTF-8 cannot be attested'],
    [
      '{"a":{"b":[1,12345678901234567890]}}',
      'a.b[1] is a number beyond 2^53, which parsers of JSON change: write it as text',
    ],
    [
      'x'.repeat(MAX_PREDICATE_BYTES + 1),
      `has ${MAX_PREDICATE_BYTES + 1} bytes, and at most ${MAX_PREDICATE_BYTES} can be attested`,
    ],
  ])('is refused, case %#', (text, problem) => {
    expect(problemsOf(OWN_TYPE, text)).toEqual([`predicate: ${problem}`]);
  });

  it('is checked together with its type', () => {
    expect(problemsOf('sbom', 'text')).toEqual([
      expect.stringContaining('predicateType: must be one of') as string,
      'predicate: is not JSON',
    ]);
  });

  it('is refused if its statement could not be read', () => {
    // Within the limit for itself, and beyond it in a statement.
    const nested = `${'{"a":'.repeat(63)}{}${'}'.repeat(63)}`;
    const predicate = parsePredicate({ predicateType: OWN_TYPE, predicate: nested }, NOW);
    const { repository } = parseReference('registry.example.com/app');
    expect(() => attestationStatement(repository, digestOf(Buffer.from('')), predicate)).toThrow(
      /predicate: cannot be attested: the signed statement is nested deeper/,
    );
  });
});

describe('a statement', () => {
  it('has the image as its subject, with a name', () => {
    const { repository } = parseReference('registry.example.com/team/app');
    const digest = digestOf(Buffer.from('manifest'));
    const predicate = parsePredicate({ predicateType: OWN_TYPE, predicate: OWN_PREDICATE }, NOW);
    expect(attestationStatement(repository, digest, predicate)).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'registry.example.com/team/app', digest: { sha256: digest.slice(7) } }],
      predicateType: OWN_TYPE,
      predicate: JSON.parse(OWN_PREDICATE) as unknown,
    });
  });

  it('is the same with another time, for custom only', () => {
    const custom = PREDICATE_TYPES.custom;
    const [a, b] = [
      { Data: 'x', Timestamp: '1' },
      { Data: 'x', Timestamp: '2' },
    ];
    expect(samePredicate(custom, a, b)).toBe(true);
    expect(samePredicate(custom, a, { ...b, Data: 'y' })).toBe(false);
    expect(samePredicate(OWN_TYPE, a, b)).toBe(false);
    expect(samePredicate(OWN_TYPE, { a: 1, b: undefined }, { a: 1 })).toBe(true);
  });
});
