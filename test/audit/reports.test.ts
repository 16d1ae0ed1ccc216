import {
  auditJson,
  auditSarif,
  auditText,
  type AuditedImage,
  type AuditReport,
  type AuditStatus,
  AUDIT_STATUSES,
  type RunningContainer,
} from '../../src/audit';
import { parseDigest } from '../../src/oci';

const DIGEST = parseDigest(`sha256:${'1a'.repeat(32)}`);
const ESCAPE = '\u001b[2J\r\n::error::';

const container = (pod: string): RunningContainer => ({
  namespace: 'shop',
  pod,
  container: 'app',
  kind: 'container',
  image: 'app:v1',
  imageId: `registry.example.com/app@${DIGEST}`,
  waits: false,
});

const image = (status: AuditStatus, more: Partial<AuditedImage> = {}): AuditedImage => ({
  image: `registry.example.com/${status}@${DIGEST}`,
  digest: DIGEST,
  status,
  containers: [container('web')],
  ...more,
});

const reportOf = (...images: readonly AuditedImage[]): AuditReport => ({
  server: 'https://cluster.example.com',
  namespaces: [],
  time: '2026-01-02T03:04:05.000Z',
  images,
  notRunning: [],
});

const lastLine = (text: string): string => text.split('\n').at(-1) ?? '';

describe('the text', () => {
  test('is a table, then why and where', () => {
    const text = auditText(
      reportOf(
        image('not-signed', { reason: 'no signature was found' }),
        image('match', {
          signer: { kind: 'key', keyId: 'ab'.repeat(32), publicKey: 'PEM' },
          containers: ['a', 'b', 'c', 'd', 'e'].map(container),
        }),
      ),
    );
    expect(text).toBe(
      [
        'https://cluster.example.com, all namespaces',
        '',
        'STATUS      IMAGE                                                SIGNER            CONTAINERS',
        'not signed  registry.example.com/not-signed@sha256:1a1a1a1a1a1a  -                 shop/web/app',
        'match       registry.example.com/match@sha256:1a1a1a1a1a1a       key abababababab  shop/a/app, shop/b/app, shop/c/app and 2 more',
        '',
        `not signed: registry.example.com/not-signed@${DIGEST}`,
        '  no signature was found',
        '  runs as shop/web/app',
        '',
        '2 images: 1 match, 1 not signed; there are findings',
      ].join('\n'),
    );
  });

  test('has the outcome in its last line', () => {
    const keyless = { kind: 'keyless', identity: 'me@example.com', issuer: 'https://i' } as const;
    expect(lastLine(auditText(reportOf(image('match', { signer: keyless }))))).toContain(
      'no findings',
    );
    expect(lastLine(auditText(reportOf(image('check-failed'))))).toContain(
      'some images could not be checked',
    );
  });

  test('escapes control characters, so that input cannot write to a terminal or add lines', () => {
    const text = auditText(
      reportOf(image('unknown-image', { image: `app${ESCAPE}`, reason: `why${ESCAPE}` })),
    );
    expect([...text].filter((char) => char < ' ' && char !== '\n')).toEqual([]);
    expect(text.split('\n').filter((line) => line.startsWith('::'))).toEqual([]);
  });

  test('names the namespaces', () => {
    const text = auditText({ ...reportOf(), namespaces: ['shop', 'bank'] });
    expect(text).toContain('namespaces shop, bank: nothing was checked');
  });
});

test('the JSON has the whole report, its outcome and its numbers', () => {
  const report = reportOf(image('gone', { reason: 'away' }), image('match'), image('match'));
  expect(JSON.parse(auditJson(report))).toEqual({
    outcome: 'findings',
    summary: { match: 2, gone: 1 },
    ...report,
  });
});

interface Sarif {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly [
        { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: object[] },
      ];
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly partialFingerprints: object;
      }[];
    },
  ];
}

describe('the SARIF', () => {
  const sarifOf = (...images: readonly AuditedImage[]): Sarif =>
    JSON.parse(auditSarif(reportOf(...images))) as Sarif;

  test('has a result for each finding, and a rule for each result', () => {
    const sarif = sarifOf(...AUDIT_STATUSES.map((status) => image(status)));
    const [{ tool, results }] = sarif.runs;
    expect(sarif.version).toBe('2.1.0');
    expect(results.map(({ ruleId }) => ruleId)).toEqual(
      AUDIT_STATUSES.filter(
        (each) => !['match', 'exempt', 'not-started', 'check-failed'].includes(each),
      ),
    );
    for (const { ruleId, ruleIndex } of results) {
      expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }
  });

  test('has the location, as a file and as a resource', () => {
    const [{ results }] = sarifOf(image('gone', { reason: 'away' })).runs;
    expect(results[0]).toMatchObject({
      level: 'error',
      message: { text: `registry.example.com/gone@${DIGEST}: gone from the registry (away)` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'cluster/shop/web/app' } },
          logicalLocations: [{ fullyQualifiedName: 'shop/web/app' }],
        },
      ],
    });
  });

  test('recognizes a finding in other pods, and distinguishes images and findings', () => {
    const fingerprint = (each: AuditedImage): string =>
      JSON.stringify(sarifOf(each).runs[0].results[0]?.partialFingerprints);
    const first = fingerprint(image('gone'));
    expect(fingerprint(image('gone', { containers: [container('other')] }))).toBe(first);
    expect(fingerprint(image('not-signed'))).not.toBe(first);
    expect(fingerprint(image('gone', { image: 'another' }))).not.toBe(first);
  });

  test('marks the run as failed if a check failed', () => {
    expect(sarifOf(image('match')).runs[0].invocations[0]).toMatchObject({
      executionSuccessful: true,
      toolExecutionNotifications: [],
    });
    const [{ results, invocations }] = sarifOf(image('check-failed')).runs;
    expect(results).toEqual([]);
    expect(invocations[0]).toMatchObject({
      executionSuccessful: false,
      toolExecutionNotifications: [{ descriptor: { id: 'check-failed' } }],
    });
    expect(sarifOf().runs[0].invocations[0].executionSuccessful).toBe(false);
  });
});
