import { readFileSync } from 'node:fs';

/** An instruction of a Dockerfile, such as `COPY src ./src`. */
export interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** One stage of a Dockerfile, from its FROM on. */
export type Stage = readonly Instruction[];

/** A Dockerfile: the arguments in front of the first stage, and the stages. */
export interface Dockerfile {
  readonly preamble: readonly Instruction[];
  readonly stages: readonly Stage[];
}

/** Reads a Dockerfile. Comments are left out, continued lines are joined. */
export function readDockerfile(path: string): Dockerfile {
  const lines = readFileSync(path, 'utf8').replaceAll('\\\n', '').split('\n');
  const instructions = lines.filter((line) => /^[A-Z]/.test(line)).map(parse);
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  const stages = starts.map((start, index) => instructions.slice(start, starts[index + 1]));
  return { preamble: instructions.slice(0, starts[0]), stages };
}

/** The values of one kind of instruction in a stage. */
export function valuesOf(stage: Stage | undefined, name: string): readonly string[] {
  return (stage ?? []).filter((instruction) => instruction.name === name).map(({ value }) => value);
}

/** The pairs of `LABEL` or `ENV`. */
export function pairsOf(stage: Stage | undefined, name: 'LABEL' | 'ENV'): Readonly<Record<string, string>> {
  const pairs = valuesOf(stage, name).flatMap((value) => Array.from(value.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)));
  return Object.fromEntries(pairs.map(([, key = '', quoted, plain]) => [key, quoted ?? plain ?? '']));
}

/** The command line of an instruction in exec form, which no shell stands in front of: signals reach the process. */
export function execForm(value: string | undefined): readonly string[] {
  return JSON.parse(value?.slice(value.indexOf('[')) ?? '[]');
}

function parse(line: string): Instruction {
  const [name = '', ...words] = line.split(/\s+/);
  return { name, value: words.join(' ') };
}
