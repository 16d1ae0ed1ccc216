import type { Child } from './child';
import type { ProgramOptions } from './program';

/** A program that is a function of this process, as the Automation API has it. */
export type InlineProgram = () => Promise<unknown>;

/** The SDK's own server for inline programs; its types leave it out. */
interface LanguageServer {
  run(
    call: { readonly request: RunRequest },
    callback: (error: Error | undefined) => void,
  ): Promise<void>;
}
interface RunRequest {
  setProject(text: string): void;
  setStack(text: string): void;
  setOrganization(text: string): void;
  setMonitorAddress(text: string): void;
  setArgsList(list: readonly string[]): void;
  setParallel(count: number): void;
  setDryrun(dry: boolean): void;
  getConfigMap(): { set(key: string, value: string): void };
  setConfigsecretkeysList(keys: readonly string[]): void;
}

/**
 * Runs an inline program as the Automation API does: by the language server of the SDK, in a store of
 * its own, beside whatever else this process runs.
 */
export const startInlineProgram = (program: InlineProgram, options: ProgramOptions): Child => {
  const exited = run(program, options).catch((error: unknown) => {
    options.onLine(error instanceof Error ? error.message : String(error));
    return 1;
  });
  // There is no process to stop: a run that was stopped fails its calls, and so the program.
  return { pid: undefined, exited, stop: () => Promise.resolve() };
};

async function run(program: InlineProgram, options: ProgramOptions): Promise<number> {
  // Loaded when it is needed: the engine itself has no use for the SDK. Their types leave them out.
  const server = (await import('@pulumi/pulumi/automation/server.js')) as unknown as {
    readonly LanguageServer: new (program: InlineProgram) => LanguageServer;
  };
  const protocol = (await import('@pulumi/pulumi/proto/language_pb.js')) as unknown as {
    readonly RunRequest: new () => RunRequest;
  };
  const request = new protocol.RunRequest();
  request.setProject(options.project.name);
  request.setStack(options.stack);
  request.setOrganization(options.organization);
  request.setMonitorAddress(options.monitor);
  request.setArgsList([options.monitor]);
  request.setParallel(options.parallel);
  request.setDryrun(options.dryRun);
  for (const [key, value] of Object.entries(options.config)) request.getConfigMap().set(key, value);
  request.setConfigsecretkeysList(options.secretKeys);
  let failed = false;
  // It calls back twice where the program failed: with the error, and with the answer.
  await new server.LanguageServer(program).run({ request }, (error) => {
    if (error === undefined) return;
    failed = true;
    options.onLine(error.message);
  });
  return failed ? 1 : 0;
}
