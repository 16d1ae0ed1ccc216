import { defineCommand } from './command';
import { UsageError } from './options';
import { modules } from './modules';

const NAME = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
const ACCOUNT = new RegExp(`^(${NAME})/(${NAME})$`);

/** `signed-image audit rbac`. */
export const auditRbac = defineCommand({
  words: ['audit', 'rbac'],
  summary: 'print the role that `audit cluster` requires',
  about: `Prints a service account, the role that \`audit cluster\` requires (get and list pods only) and its binding, as YAML for \`kubectl apply -f -\`.`,
  options: {
    'service-account': {
      type: 'string',
      value: 'NAMESPACE/NAME',
      default: 'default/signed-image-audit',
      about: 'account of the role',
    },
    namespace: {
      type: 'string',
      value: 'NAME',
      multiple: true,
      short: 'n',
      absent: 'all',
      about: 'namespace to read',
    },
  },
  async run({ values }, { terminal }) {
    const [, namespace, name] = ACCOUNT.exec(values['service-account']) ?? [];
    if (namespace === undefined || name === undefined) {
      throw new UsageError('--service-account must be NAMESPACE/NAME');
    }
    const { auditRbacYaml } = modules.audit();
    const serviceAccount = { namespace, name };
    const namespaces = values.namespace ?? [];
    terminal.print(auditRbacYaml({ serviceAccount, namespaces }).trimEnd());
  },
});
