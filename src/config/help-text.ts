import { descriptions } from './descriptions.ts';
import { type OtherVariable, otherVariables } from './other-variables.ts';
import { type VariableGroup, variableGroups } from './variable-groups.ts';

const USAGE = `Usage: video-task-gateway [--demo | --help | --version]

One shared poll per A2E video task, fanned out as a live GraphQL subscription.

  --demo     start a simulated A2E and the gateway in front of it
  --help     print this text
  --version  print the version

Environment variables, with their defaults
`;

const OTHERS = 'As Node and OpenTelemetry define them';
const WIDTH = Math.max(
  ...[...Object.keys(descriptions), ...otherVariables.map(({ name }) => name)].map((name) => name.length),
);

/** The text of `--help`: the options, and every environment variable with its default and meaning, in groups. */
export function helpText(): string {
  return `${USAGE}${variableGroups.map(ownGroupText).join('')}${groupText(OTHERS, otherVariables)}`;
}

function ownGroupText({ title, names }: VariableGroup): string {
  return groupText(
    title,
    names.map((name) => ({ name, ...descriptions[name] })),
  );
}

function groupText(title: string, variables: readonly OtherVariable[]): string {
  const lines = variables.map(({ name, meaning, fallback }) =>
    `  ${name.padEnd(WIDTH)}  ${meaning} (default: ${fallback})\n`.replaceAll('`', ''),
  );
  return `\n${title}:\n${lines.join('')}`;
}
