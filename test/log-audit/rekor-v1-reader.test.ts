import { parseV1Entries } from '../../src/log-audit/rekor-v1-reader';

test.each([
  ['null', null],
  ['a list', []],
  ['a text', 'entry'],
  ['an object without members', {}],
  ['an entry whose index is a text', { body: 'AA==', logIndex: '1', logID: 'a' }],
])('%s is not a log entry', (_, entry) => {
  expect(() => parseV1Entries([{ uuid: entry }])).toThrow('its answer is not a log entry');
});
