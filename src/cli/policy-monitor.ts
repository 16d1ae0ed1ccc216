import { identitiesOf } from './identity-options';
import { defineCommand } from './command';
import { LOG_SIGNER_OPTIONS } from './log-options';
import { modules } from './modules';

/** `signed-image policy rekor-monitor`. */
export const policyMonitor = defineCommand({
  words: ['policy', 'rekor-monitor'],
  summary: 'print a configuration of rekor-monitor for signers',
  about: `Prints the configuration of rekor-monitor, which watches a transparency log for entries of these signers without end, as YAML for its \`--config-file\`. \`signed-image audit log\` compares the log with stacks, once.`,
  options: LOG_SIGNER_OPTIONS,
  async run({ values }, { terminal, host }) {
    const { loadAuditedSigners, rekorMonitorConfig } = modules.logAudit();
    const { key: keys } = values;
    const signers = await loadAuditedSigners({ keys, identities: identitiesOf(values) }, host);
    terminal.print(rekorMonitorConfig(signers).trimEnd());
  },
});
