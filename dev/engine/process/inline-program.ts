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
  // Loaded when it is needed: the engine itself has no use for the SDK.
  const { LanguageServer } = require('@pulumi/pulumi/automation/server') as {
    readonly LanguageServer: new (program: InlineProgram) => LanguageServer;
  };
  const { RunRequest } = require('@pulumi/pulumi/proto/language_pb') as {
    readonly RunRequest: new () => RunRequest;
  };
  const request = new RunRequest();
  request.setProject(options.project.name);
  request.setStack(options.stack);
  request.setOrganization(options.organization);
  request.setMonitorAddress(options.monitor);
  request.setArgsList([options.monitor]);
  request.setParallel(options.parallel);
  request.setDryrun(options.dryRun);
  for (const [key, value] of Object.entries(options.config)) request.getConfigMap().set(key, value);
  request.setConfigsecretkeysList(options.secretKeys);
  const exited = new Promise<number>((resolve) => {
    let failed = false;
    const ended = (error: Error | undefined): void => {
      if (error !== undefined) {
        failed = true;
        options.onLine(error.message);
      }
      resolve(failed ? 1 : 0);
    };
    new LanguageServer(program).run({ request }, ended).catch(ended);
  });
  // There is no process to stop: a run that was stopped fails its calls, and so the program.
  return { pid: undefined, exited, stop: () => Promise.resolve() };
};
