import { credentials } from '@grpc/grpc-js';
import { LanguageRuntimeClient } from '@pulumi/pulumi/proto/language_grpc_pb';
import { ProgramInfo, RunRequest, type RunResponse } from '@pulumi/pulumi/proto/language_pb';
import { serveSchemas } from '../../rpc/schema-provider';
import { messageOf } from '../../rpc/status';
import { toStruct } from '../../wire/struct';
import type { Child } from '../child';
import { startServer } from '../plugin';
import type { ProgramOptions } from '../program-options';

/** The SDK's exit code for "the error has been logged already". */
const LOGGED = 32;
const FAILED = 1;

const requestOf = (options: ProgramOptions): RunRequest => {
  const { project } = options;
  const info = new ProgramInfo()
    .setRootDirectory(project.dir)
    .setProgramDirectory(project.dir)
    .setEntryPoint(project.main ?? '.')
    .setOptions(toStruct({}));
  const request = new RunRequest()
    .setProject(project.name)
    .setStack(options.stack)
    .setOrganization(options.organization)
    .setPwd(project.dir)
    .setProgram(project.dir)
    .setInfo(info)
    .setMonitorAddress(options.monitor)
    .setLoaderTarget(options.monitor)
    .setDryrun(options.dryRun)
    .setParallel(options.parallel)
    .setConfigsecretkeysList([...options.secretKeys]);
  const config = request.getConfigMap();
  for (const [key, value] of Object.entries(options.config)) config.set(key, value);
  return request;
};

const exitCodeOf = (response: RunResponse, onLine: (line: string) => void): number => {
  if (response.getBail()) return LOGGED;
  if (response.getError() === '') return 0;
  onLine(response.getError());
  return FAILED;
};

/**
 * Runs a YAML program: it has no process of its own, but is run by `pulumi-language-yaml`, which must be on the PATH
 * as for the real engine.
 */
export const startYamlProgram = (options: ProgramOptions): Child => {
  const schemas = serveSchemas(options.schemas);
  const host = schemas.then(({ env }) =>
    startServer({
      what: 'the language host pulumi-language-yaml',
      program: 'pulumi-language-yaml',
      args: [options.monitor],
      cwd: options.project.dir,
      env: { ...options.env, ...env },
      onLine: options.onLine,
    }),
  );
  const run = async (): Promise<number> => {
    const { address, child } = await host;
    const client = new LanguageRuntimeClient(address, credentials.createInsecure());
    try {
      const response = await new Promise<RunResponse>((resolve, reject) => {
        client.run(requestOf(options), (error, answer) =>
          error === null ? resolve(answer) : reject(error),
        );
      });
      return exitCodeOf(response, options.onLine);
    } finally {
      client.close();
      await child.stop();
    }
  };
  const exited = run()
    .catch((error: unknown) => {
      options.onLine(messageOf(error));
      return FAILED;
    })
    .finally(async () => (await schemas).close());
  return {
    pid: undefined,
    exited,
    stop: async () => {
      await host.then(({ child }) => child.stop()).catch(() => undefined);
      await exited;
    },
  };
};
