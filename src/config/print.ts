/** `node src/config/print.ts` writes docs/configuration.md. A test compares the page with the code. */
import { writeFile } from 'node:fs/promises';
import { descriptions } from './descriptions.ts';
import { type VariableGroup, variableGroups } from './variable-groups.ts';
import { type VariableName, variables } from './variables.ts';

/** The page that {@link configurationPage} returns. */
export const CONFIGURATION_PAGE = new URL('../../docs/configuration.md', import.meta.url);

const INTRODUCTION = `# Configuration

Environment variables configure the gateway. It checks them at the start: a wrong value ends the process with exit code 2
and one message that names every faulty variable. Times are in milliseconds. An empty value counts as unset.

Other variables act as Node and OpenTelemetry define them. \`NODE_ENV=production\` switches GraphiQL and introspection off
by default, \`NODE_EXTRA_CA_CERTS\` names the certificates (PEM) of an authority of your own in front of A2E, and
[tracing](tracing.md#variables) lists the \`OTEL_*\` variables. A proxy may have a user and a password in its URL.

\`npm run configuration\` writes this page from the descriptions in [src/config](../src/config).
`;

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  return `${INTRODUCTION}${variableGroups.map(section).join('')}`;
}

function section({ title, names }: VariableGroup): string {
  return `\n## ${title}\n\n| name | default | allowed | meaning |\n| --- | --- | --- | --- |\n${names.map(row).join('')}`;
}

function row(name: VariableName): string {
  const { fallback, meaning, see } = descriptions[name];
  const more = see === undefined ? '' : `: see [${see.replace(/\.md.*/, '')}](${see})`;
  return `| \`${name}\` | ${fallback} | ${variables[name].allowed} | ${meaning}${more} |\n`;
}

if (import.meta.main) await writeFile(CONFIGURATION_PAGE, configurationPage());
