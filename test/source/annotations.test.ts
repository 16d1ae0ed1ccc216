import {
  annotationsOf,
  signedAnnotations,
  type SourceFacts,
  validateAnnotations,
} from '../../src/source';

const FACTS: SourceFacts = {
  commit: 'c'.repeat(40),
  branch: 'main',
  repository: 'https://git.example.com/acme/app',
  dirty: false,
  builder: { id: 'https://b.example/1', system: 'jenkins', user: 'ada', invocation: 'https://b/3' },
};

test('the facts are pairs under the keys that people type', () => {
  expect(annotationsOf(FACTS)).toEqual({
    commit: 'c'.repeat(40),
    branch: 'main',
    repo: 'https://git.example.com/acme/app',
    builder: 'https://b.example/1',
    build_user: 'ada',
  });
});

test('a dirty tree is annotated, a clean or unknown one is not', () => {
  expect(annotationsOf({ ...FACTS, dirty: true })['dirty']).toBe('true');
  expect(annotationsOf(FACTS)).not.toHaveProperty('dirty');
  const unknown = { builder: FACTS.builder };
  expect(annotationsOf(unknown)).not.toHaveProperty('dirty');
});

test('absent facts are omitted', () => {
  expect(annotationsOf({ builder: { id: 'x:y', system: 'none' } })).toEqual({ builder: 'x:y' });
});

test('declared pairs are added to the facts', () => {
  expect(signedAnnotations(FACTS, { team: 'a,b' })).toEqual({
    team: 'a,b',
    ...annotationsOf(FACTS),
  });
});

test.each([
  ['Subject', /cosign prints/],
  ['Issuer', /cosign prints/],
  ['Bundle', /cosign prints/],
  ['RFC3161Timestamp', /cosign prints/],
  ['githubWorkflowSha', /cosign prints/],
  ['1.3.6.1.4.1.57264.1.1', /cosign prints/],
  ['', /needs a key/],
  ['  ', /needs a key/],
  [' a', /white space/],
  ['a=b', /"="/],
  ['a,b', /"="/],
  ['a\u0007', /control/],
  ['commit', /source\.commit/],
  ['branch', /source\.branch/],
  ['repo', /source\.repository/],
  ['builder', /source\.builder/],
  ['dirty', /source\.allowDirty/],
  ['build_user', /CI system/],
])('the key %j is refused', (key, message) => {
  expect(validateAnnotations({ [key]: 'v' })).toEqual([
    {
      property: `annotations[${JSON.stringify(key)}]`,
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message),
    },
  ]);
});

test('other keys are free, also those of Object.prototype', () => {
  expect(validateAnnotations({ team: '', 'org.example/x': 'a=b,c', toString: '1' })).toEqual([]);
});

test('all invalid keys are reported at once', () => {
  expect(validateAnnotations({ Subject: '', ok: '', commit: '' })).toHaveLength(2);
});
