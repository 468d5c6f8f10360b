import { descriptions } from './descriptions.ts';

const USAGE = `Usage: video-task-gateway [--demo | --help | --version]

One shared poll per A2E video task, fanned out as a live GraphQL subscription.

  --demo     start a simulated A2E and the gateway in front of it
  --help     print this text
  --version  print the version

Environment variables, with their defaults:
`;

/** The text of `--help`: the options, and every environment variable with its default and meaning. */
export function helpText(): string {
  const entries = Object.entries(descriptions);
  const width = Math.max(...entries.map(([name]) => name.length));
  const lines = entries.map(
    ([name, { fallback, meaning }]) => `  ${name.padEnd(width)}  ${meaning} (default: ${fallback})\n`,
  );
  return `${USAGE}\n${lines.join('')}`;
}
