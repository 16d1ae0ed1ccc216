import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EnforcementLevel } from '@pulumi/pulumi/proto/analyzer_pb';

import { Reporter } from '../../../dev/engine/deploy/reporter';
import { type PolicyFacts, reconcile } from '../../../dev/engine/policy/pack-config';
import { Policies } from '../../../dev/engine/policy/policies';
import { formatUrn } from '../../../dev/engine/urn';
import { UNKNOWN } from '../../../dev/engine/wire/signature';
import { goal } from './memory';

const PACK = join(__dirname, 'fixtures', 'policy-pack');
const { ADVISORY, DISABLED, MANDATORY } = EnforcementLevel;

describe('the configuration of a policy pack', () => {
  const policies: readonly PolicyFacts[] = [
    { name: 'one', level: MANDATORY, properties: { size: { type: 'integer' } }, required: [] },
    { name: 'two', level: ADVISORY, properties: { list: { type: 'array' } }, required: ['list'] },
  ];
  const levels = (given: Parameters<typeof reconcile>[2]) =>
    [...reconcile('pack 1', policies, given).values()].map(({ level }) => level);

  test('a policy has its own level, unless there is one for it or for all', () => {
    const two = { list: [] };
    expect(levels({ two })).toEqual([MANDATORY, ADVISORY]);
    expect(levels({ all: 'disabled', two })).toEqual([DISABLED, DISABLED]);
    expect(levels({ all: 'disabled', two: { ...two, enforcementLevel: 'mandatory' } })).toEqual([
      DISABLED,
      MANDATORY,
    ]);
    expect(levels({ three: 'mandatory', two })).toEqual([MANDATORY, ADVISORY]);
  });

  test.each([
    [{}, 'two: list is required'],
    [{ two: { list: 'x' } }, 'two: list: Invalid type. Expected: array, given: string'],
    [{ one: { size: 1.5 }, two: { list: [] } }, 'one: size: Invalid type. Expected: integer'],
    [{ one: 'strict', two: { list: [] } }, '"strict" is no enforcement level'],
  ])('%j is refused', (given, words) => {
    expect(() => reconcile('pack 1', policies, given)).toThrow(words);
  });
});

describe('a policy pack that runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signed-image-policy-'));
  const reporter = new Reporter(() => undefined, []);
  const context = {
    project: 'demo',
    stack: 'dev',
    organization: 'organization',
    config: { values: { 'demo:a': 'b' }, secretKeys: [] },
    dryRun: false,
    parallel: 4,
    address: '127.0.0.1:1',
  };
  const create = (config: unknown, env = {}): Policies => {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const packs = [{ folder: PACK, config: 'config.json' }];
    return new Policies({
      packs,
      projectDir: folder,
      context,
      reporter,
      env: { ...process.env, ...env },
    });
  };
  const urn = formatUrn({ stack: 'dev', project: 'demo', qualifiedType: 'mem:index:T', name: 'a' });
  const identity = { urn, type: 'mem:index:T', name: 'a' };
  let policies: Policies;

  beforeAll(async () => {
    policies = create({ sized: { size: 3 } });
    await policies.start();
  });
  afterAll(async () => {
    await policies.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    reporter.violations.length = 0;
  });

  test('puts right what it can before it judges', async () => {
    const inputs = { kind: 'thing' };
    const analyzed = await policies.resource(identity, goal('a', inputs), inputs);
    expect(analyzed).toEqual({ inputs: { kind: 'thing', size: 3 }, refused: false });
    expect(reporter.violations).toEqual([]);
  });

  test('refuses for a mandatory policy, and for one that could not put it right', async () => {
    const inputs = { loud: true };
    const { refused } = await policies.resource(identity, goal('a', inputs), inputs);
    expect(refused).toBe(true);
    expect(reporter.violations.map(({ policy, level }) => [policy, level])).toEqual([
      ['sized', 'mandatory'],
      ['quiet', 'advisory'],
    ]);
  });

  test('only warns where it would need what a preview does not know', async () => {
    const inputs = { kind: UNKNOWN };
    const { refused } = await policies.resource(identity, goal('a', inputs), inputs);
    expect(refused).toBe(true);
    expect(reporter.violations[0]).toMatchObject({ policy: 'sized', level: 'advisory' });
    expect(reporter.violations[0]?.message).toContain("can't be known during preview");
  });

  test('checks the whole stack, and reports violations without a resource on the stack', async () => {
    const record = {
      ...{ urn, type: 'mem:index:T', custom: true, inputs: {}, outputs: { loud: true } },
      ...{ dependencies: [], propertyDependencies: { kind: [urn] } },
    };
    const busy = { ...record, urn: `${urn}b`, outputs: {}, dependencies: [urn, `${urn}b`] };
    expect(await policies.stack([record, busy], 'the stack')).toBe(false);
    expect(reporter.violations.map(({ urn: on, message }) => [on, message])).toEqual([
      ['the stack', expect.stringContaining('something is loud')],
      [`${urn}b`, expect.stringContaining('it needs much')],
    ]);
  });

  test('is not taken with a configuration that it does not take', async () => {
    await expect(create({}).start()).rejects.toThrow('sized: size is required');
    await expect(create([]).start()).rejects.toThrow('must hold a JSON object');
  });

  test('that does not start is reported with its output', async () => {
    const broken = create({}, { REFUSE_TO_START: '1' });
    await expect(broken.start()).rejects.toThrow('this pack does not start');
    await broken.close();
  });
});
