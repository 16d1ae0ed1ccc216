import { auditRbacYaml } from '../audit';
import { type Command, UsageError } from './command';
import { parseOptions } from './options';

const OPTIONS = {
  'service-account': { type: 'string', default: 'default/signed-image-audit' },
  namespace: { type: 'string', multiple: true, short: 'n' },
} as const;

const NAME = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
const ACCOUNT = new RegExp(`^(${NAME})/(${NAME})$`);

/** `signed-image audit rbac`. */
export const auditRbac: Command = {
  words: ['audit', 'rbac'],
  summary: 'print the role that `audit cluster` requires',
  help: `Usage: signed-image audit rbac [--service-account NAMESPACE/NAME] [-n NAMESPACE ...]

Prints a service account, the role that \`audit cluster\` requires (get and list pods only)
and its binding, as YAML for \`kubectl apply -f -\`.

Options:
  --service-account NAMESPACE/NAME  default: default/signed-image-audit
  -n, --namespace NAME              namespace to read (default: all); can be repeated`,
  async run(args, { terminal }) {
    const { values, positionals } = parseOptions(args, OPTIONS);
    if (positionals.length > 0) throw new UsageError(`unexpected argument "${positionals[0]}"`);
    const [, namespace, name] = ACCOUNT.exec(values['service-account']) ?? [];
    if (namespace === undefined || name === undefined) {
      throw new UsageError('--service-account must be NAMESPACE/NAME');
    }
    const serviceAccount = { namespace, name };
    const namespaces = values.namespace ?? [];
    terminal.print(auditRbacYaml({ serviceAccount, namespaces }).trimEnd());
  },
};
