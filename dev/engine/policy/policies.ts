import { resolve } from 'node:path';
import { EnforcementLevel, type AnalyzeDiagnostic } from '@pulumi/pulumi/proto/analyzer_pb';
import type { DeploymentContext } from '../deploy/context';
import type { Goal } from '../deploy/goal';
import type { Reporter } from '../deploy/reporter';
import { startPolicyPack } from '../process/plugin';
import type { Identity } from '../provider/provider';
import type { ResourceRecord } from '../state/record';
import type { PolicyPackOptions, Violation } from '../types';
import type { WireObject } from '../wire/signature';
import { fromStruct } from '../wire/struct';
import { analyzedRecord, analyzeRequest } from './analyzed-resource';
import { Analyzer } from './analyzer';
import { readPackConfig } from './pack-config';

export interface PoliciesOptions {
  /** Paths are read from the project's folder. */
  readonly packs: readonly PolicyPackOptions[];
  readonly projectDir: string;
  readonly context: DeploymentContext;
  readonly reporter: Reporter;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Analyzed {
  /** The resulting inputs: policies may have changed them. */
  readonly inputs: WireObject;
  /** A mandatory policy was violated. */
  readonly refused: boolean;
}

const violationOf = (diagnostic: AnalyzeDiagnostic, urn: string): Violation => ({
  policy: diagnostic.getPolicyname(),
  pack: diagnostic.getPolicypackname(),
  // All levels except advisory are mandatory, including a remediation that did not apply.
  level: diagnostic.getEnforcementlevel() === EnforcementLevel.ADVISORY ? 'advisory' : 'mandatory',
  message: diagnostic.getMessage(),
  urn,
});

/** The policy packs of one run: evaluated before the creation of each resource, and for the whole stack at the end. */
export class Policies {
  readonly #options: PoliciesOptions;
  #analyzers: readonly Analyzer[] = [];

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  /** @throws Error if a pack does not start, or rejects its configuration */
  async start(): Promise<void> {
    const { packs, projectDir, context, reporter, env } = this.#options;
    const { organization, project, stack, dryRun, address: engine } = context;
    for (const pack of packs) {
      const folder = resolve(projectDir, pack.folder);
      const given = await readPackConfig(
        pack.config === undefined ? undefined : resolve(projectDir, pack.config),
      );
      const plugin = await startPolicyPack({
        folder,
        engine,
        organization,
        project,
        stack,
        dryRun,
        env,
        onLine: (line) => reporter.line('plugin', line),
      });
      const analyzer = await Analyzer.configured(plugin, folder, given, context);
      this.#analyzers = [...this.#analyzers, analyzer];
    }
  }

  /** First all remediations, then all checks, so that the checks apply to the remediated inputs. */
  async resource(identity: Identity, goal: Goal, checked: WireObject): Promise<Analyzed> {
    const { context, reporter } = this.#options;
    let inputs = checked;
    for (const analyzer of this.#analyzers) {
      const request = analyzeRequest(context, identity, goal, inputs);
      for (const remediation of await analyzer.remediate(request)) {
        const properties = remediation.getProperties();
        if (properties !== undefined) inputs = fromStruct(properties);
        const message = remediation.getDiagnostic();
        if (message === '') continue;
        reporter.violation({
          policy: remediation.getPolicyname(),
          pack: remediation.getPolicypackname(),
          level: 'advisory',
          message,
          urn: identity.urn,
        });
      }
    }
    let refused = false;
    for (const analyzer of this.#analyzers) {
      const found = await analyzer.analyze(analyzeRequest(context, identity, goal, inputs));
      refused = this.#report(found.map((each) => violationOf(each, identity.urn))) || refused;
    }
    return { inputs, refused };
  }

  /**
   * Evaluates the stack policies for the resources at the end of the run.
   *
   * @param root the stack, to which a violation is reported that does not name a resource
   * @returns whether a mandatory policy was violated
   */
  async stack(records: readonly ResourceRecord[], root: string): Promise<boolean> {
    const known = new Set(records.map(({ urn }) => urn));
    const resources = records.map((record) => analyzedRecord(this.#options.context, record));
    let refused = false;
    for (const analyzer of this.#analyzers) {
      const found = (await analyzer.analyzeStack(resources)).map((each) =>
        violationOf(each, known.has(each.getUrn()) ? each.getUrn() : root),
      );
      refused = this.#report(found) || refused;
    }
    return refused;
  }

  async close(): Promise<void> {
    await Promise.all(this.#analyzers.map((analyzer) => analyzer.close()));
  }

  #report(violations: readonly Violation[]): boolean {
    for (const violation of violations) this.#options.reporter.violation(violation);
    return violations.some(({ level }) => level === 'mandatory');
  }
}
