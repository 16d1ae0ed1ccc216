import { SigningConfig } from '@sigstore/protobuf-specs';

import { selectServices } from '../../src/trust/service-selection';
import { thrownBy } from '../sign/support/failure';

const NOW = new Date('2026-06-01T00:00:00Z');

interface Declared {
  readonly url: string;
  readonly version?: number;
  readonly operator?: string;
  readonly start?: string;
  readonly end?: string;
}

function select(
  services: readonly Declared[],
  selector: object,
  versions: readonly number[] = [1, 2],
) {
  const config = SigningConfig.fromJSON({
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    rekorTlogUrls: services.map(({ url, version = 1, operator = url, start, end }) => ({
      url,
      majorApiVersion: version,
      operator,
      ...((start ?? end) && { validFor: { ...(start && { start }), ...(end && { end }) } }),
    })),
    rekorTlogConfig: selector,
  });
  const value = config.rekorTlogConfig ?? { selector: 0, count: 0 };
  const list = {
    name: 'rekorTlogUrls',
    services: config.rekorTlogUrls,
    configuration: { name: 'rekorTlogConfig', value },
    versions,
  };
  return selectServices(list, NOW).map(({ url }) => url);
}

const PAST = '2025-01-01T00:00:00Z';
const LATER = '2025-06-01T00:00:00Z';
const FUTURE = '2027-01-01T00:00:00Z';

describe('of the services of a signing config', () => {
  it.each<[string, readonly Declared[], object, readonly string[]]>([
    ['none are taken of none', [], {}, []],
    [
      'ANY takes the newest',
      [
        { url: 'a', start: PAST },
        { url: 'b', start: LATER },
      ],
      { selector: 'ANY' },
      ['b'],
    ],
    [
      'ALL takes one of each operator, newest first',
      [
        { url: 'a', start: PAST, operator: 'x' },
        { url: 'b', start: LATER, operator: 'x' },
        { url: 'c', operator: 'y' },
      ],
      { selector: 'ALL' },
      ['b', 'c'],
    ],
    [
      'EXACT takes so many',
      [{ url: 'a' }, { url: 'b', start: PAST }, { url: 'c', start: LATER }],
      { selector: 'EXACT', count: 2 },
      ['c', 'b'],
    ],
    [
      'the highest version that is spoken wins',
      [
        { url: 'a', version: 1, start: LATER },
        { url: 'b', version: 2, start: PAST },
        { url: 'c', version: 3 },
      ],
      { selector: 'ALL' },
      ['b'],
    ],
    [
      'those of the future and the past are left out',
      [
        { url: 'a', start: FUTURE },
        { url: 'b', start: PAST, end: LATER },
        { url: 'c', start: PAST },
      ],
      { selector: 'ALL' },
      ['c'],
    ],
    [
      'both ends of a period are part of it',
      [
        { url: 'a', start: NOW.toISOString() },
        { url: 'b', end: NOW.toISOString() },
      ],
      { selector: 'ALL' },
      ['a', 'b'],
    ],
    [
      'a newer version that is not valid yet does not win',
      [
        { url: 'a', version: 1 },
        { url: 'b', version: 2, start: FUTURE },
      ],
      { selector: 'ANY' },
      ['a'],
    ],
  ])('%s', (_, services, selector, expected) => {
    expect(select(services, selector)).toEqual(expected);
  });

  it.each<[string, readonly Declared[], object, string]>([
    ['no selector', [{ url: 'a' }], {}, 'must be one of ALL, ANY, EXACT'],
    ['EXACT without a count', [{ url: 'a' }], { selector: 'EXACT' }, 'greater than 0'],
    [
      'EXACT with too many',
      [
        { url: 'a', operator: 'x' },
        { url: 'b', operator: 'x' },
      ],
      { selector: 'EXACT', count: 2 },
      'has 1 operators',
    ],
    ['none that is valid', [{ url: 'a', start: FUTURE }], { selector: 'ANY' }, 'is valid now'],
    [
      'none of a version that is spoken',
      [{ url: 'a', version: 9 }],
      { selector: 'ANY' },
      'supported API version (1 and 2)',
    ],
  ])('%s cannot be followed', (_, services, selector, text) => {
    const error = thrownBy(() => select(services, selector));
    expect(error.code).toBe('INPUT_INVALID');
    expect(error.message).toContain(text);
  });
});
