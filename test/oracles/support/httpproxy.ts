import { oracleProgram } from './moby';
import { askLines } from './line-program';

export interface ProxyQuestion {
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
}

/** The proxy that Go chose; everything is empty for a direct connection. */
export interface ProxyAnswer {
  readonly scheme: string;
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly error?: string;
}

/** Which proxy Go programs use, by `golang.org/x/net/http/httpproxy`. */
export function goProxies(questions: readonly ProxyQuestion[]): Promise<readonly ProxyAnswer[]> {
  return askLines(oracleProgram('httpproxy'), questions);
}
