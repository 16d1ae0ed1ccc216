import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import { AnalyzerClient } from '@pulumi/pulumi/proto/analyzer_grpc_pb';
import {
  AnalyzerHandshakeRequest,
  AnalyzerStackConfigureRequest,
  AnalyzeStackRequest,
  ConfigureAnalyzerRequest,
  PolicyConfig as WirePolicyConfig,
  type AnalyzeDiagnostic,
  type AnalyzeRequest,
  type AnalyzeResponse,
  type AnalyzerInfo,
  type AnalyzerResource,
  type RemediateResponse,
  type Remediation,
} from '@pulumi/pulumi/proto/analyzer_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import type { DeploymentContext } from '../deploy/context';
import type { Plugin } from '../process/plugin';
import { isServiceError } from '../rpc/status';
import { fromStruct, toStruct } from '../wire/struct';
import type { WireObject } from '../wire/signature';
import { reconcile, type PolicyFacts } from './pack-config';

const OPTIONS = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

type Answer<T> = (error: ServiceError | null, response: T) => void;

const call = <T>(start: (answer: Answer<T>) => unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    start((error, response) => (error === null ? resolve(response) : reject(error)));
  });

/** Calls at the start that older packs do not support. */
const ifKnown = async (work: Promise<unknown>): Promise<void> => {
  await work.catch((error: unknown) => {
    if (!isServiceError(error) || error.code !== status.UNIMPLEMENTED) throw error;
  });
};

const factsOf = (info: AnalyzerInfo): readonly PolicyFacts[] =>
  info.getPoliciesList().map((policy) => ({
    name: policy.getName(),
    level: policy.getEnforcementlevel(),
    properties: fromStruct(policy.getConfigschema()?.getProperties()),
    required: policy.getConfigschema()?.getRequiredList() ?? [],
  }));

/** A running, configured policy pack. Protocol: pulumirpc.Analyzer. */
export class Analyzer {
  readonly #client: AnalyzerClient;
  readonly #plugin: Plugin;

  private constructor(plugin: Plugin) {
    this.#plugin = plugin;
    this.#client = new AnalyzerClient(plugin.address, credentials.createInsecure(), OPTIONS);
  }

  /** @throws Error if the configuration is not valid for the pack */
  static async configured(
    plugin: Plugin,
    folder: string,
    given: WireObject,
    context: DeploymentContext,
  ): Promise<Analyzer> {
    const analyzer = new Analyzer(plugin);
    try {
      await analyzer.#greet(folder, context);
      await analyzer.#configure(given);
      return analyzer;
    } catch (error) {
      await analyzer.close();
      throw error;
    }
  }

  async remediate(request: AnalyzeRequest): Promise<readonly Remediation[]> {
    const response = await call<RemediateResponse>((answer) =>
      this.#client.remediate(request, answer),
    );
    return response.getRemediationsList();
  }

  async analyze(request: AnalyzeRequest): Promise<readonly AnalyzeDiagnostic[]> {
    const response = await call<AnalyzeResponse>((answer) => this.#client.analyze(request, answer));
    return response.getDiagnosticsList();
  }

  async analyzeStack(
    resources: readonly AnalyzerResource[],
  ): Promise<readonly AnalyzeDiagnostic[]> {
    const request = new AnalyzeStackRequest().setResourcesList([...resources]);
    const response = await call<AnalyzeResponse>((answer) =>
      this.#client.analyzeStack(request, answer),
    );
    return response.getDiagnosticsList();
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#plugin.child.stop();
  }

  async #greet(folder: string, context: DeploymentContext): Promise<void> {
    const handshake = new AnalyzerHandshakeRequest()
      .setEngineAddress(context.address)
      .setRootDirectory(folder)
      .setProgramDirectory(folder);
    await ifKnown(call((answer) => this.#client.handshake(handshake, answer)));
    const stack = new AnalyzerStackConfigureRequest()
      .setStack(context.stack)
      .setProject(context.project)
      .setOrganization(context.organization)
      .setDryRun(context.dryRun)
      .setConfigSecretKeysList([...context.config.secretKeys]);
    for (const [key, value] of Object.entries(context.config.values)) {
      stack.getConfigMap().set(key, value);
    }
    await ifKnown(call((answer) => this.#client.configureStack(stack, answer)));
  }

  async #configure(given: WireObject): Promise<void> {
    const info = await call<AnalyzerInfo>((answer) =>
      this.#client.getAnalyzerInfo(new Empty(), answer),
    );
    const pack = `${info.getName()} ${info.getVersion()}`;
    const request = new ConfigureAnalyzerRequest();
    for (const [name, { level, properties }] of reconcile(pack, factsOf(info), given)) {
      const config = new WirePolicyConfig()
        .setEnforcementlevel(level)
        .setProperties(toStruct(properties));
      request.getPolicyconfigMap().set(name, config);
    }
    await call((answer) => this.#client.configure(request, answer));
  }
}
