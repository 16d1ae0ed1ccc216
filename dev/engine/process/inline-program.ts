import type { Child } from './child';
import type { ProgramOptions } from './program-options';

/** A program that is a function in this process, as in the Automation API. */
export type InlineProgram = () => Promise<unknown>;

/** The SDK's own server for inline programs, which its type declarations omit. */
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
 * Runs an inline program as the Automation API does: by the language server of the SDK, in its own
 * store, concurrently with other work of this process.
 */
export const startInlineProgram = (program: InlineProgram, options: ProgramOptions): Child => {
  const exited = run(program, options).catch((error: unknown) => {
    options.onLine(error instanceof Error ? error.message : String(error));
    return 1;
  });
  // No process can be stopped: after a stop the program's calls fail, and so the program.
  return { pid: undefined, exited, stop: () => Promise.resolve() };
};

async function run(program: InlineProgram, options: ProgramOptions): Promise<number> {
  // Loaded on use, because the engine itself does not need the SDK. Its type declarations omit these modules.
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
  // It calls back twice if the program failed: with the error, and with the response.
  await new server.LanguageServer(program).run({ request }, (error) => {
    if (error === undefined) return;
    failed = true;
    options.onLine(error.message);
  });
  return failed ? 1 : 0;
}
