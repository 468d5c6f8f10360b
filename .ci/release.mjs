// `npm run release`: checks, packs and tags the version of package.json. Publishing and pushing the tag stay manual.
// Another check than `npm test`: `npm run release -- --check 'npm run check'`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { check } = parseArgs({ options: { check: { type: 'string', default: 'npm test' } } }).values;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const tag = `v${version}`;
const notes = sectionOf(readFileSync('CHANGELOG.md', 'utf8'), version);

refuseUnless(git('status', '--porcelain') === '', 'the work tree has uncommitted changes');
refuseUnless(parse(version) !== null, `${version} is no semantic version`);
refuseUnless(
  JSON.parse(readFileSync('package-lock.json', 'utf8')).version === version,
  'package-lock.json has another version',
);
refuseUnless(!isTagged(), `${tag} exists already: raise the version in package.json`);
refuseUnless(notes !== null, `CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
refuseUnless(/^- /m.test(notes), `the section of ${version} in CHANGELOG.md lists no change`);
refuseWrongStep(parse(version), earlierVersions());

run('sh', ['-c', check]);
refuseUnless(git('status', '--porcelain') === '', 'the check has changed the work tree');
run('npm', ['pack']);
git('tag', '--annotate', tag, '--cleanup', 'verbatim', '--message', `${tag}\n\n${notes.trim()}\n`);
console.log(`packed and tagged ${tag}: publish with "npm publish", then "git push origin ${tag}"`);

/** The text of a version's section, without its heading; null where there is none, or where its heading has no date. */
function sectionOf(changelog, name) {
  const [, ...sections] = changelog.split(/^## /m);
  const heading = /^\[(.+?)\] - \d{4}-\d{2}-\d{2}\n/;
  const section = sections.find((text) => heading.exec(text)?.[1] === name);
  return section?.replace(heading, '') ?? null;
}

/** Major, minor and patch, and the identifiers of a prerelease; null for what is no semantic version (semver.org, 2 and 9). */
function parse(text) {
  const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/.exec(text);
  const prerelease = match?.[4]?.split('.') ?? [];
  if (!match || prerelease.some((word) => /^0\d+$/.test(word))) return null;
  return { text, core: match.slice(1, 4).map(Number), prerelease };
}

/** Precedence (semver.org, section 11): below 0 where `a` is older. A release is newer than its prereleases. */
function compare(a, b) {
  const part = raisedPart(b, a);
  if (part !== -1) return a.core[part] - b.core[part];
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  const differs = a.prerelease.findIndex((word, index) => word !== b.prerelease[index]);
  if (differs === -1) return a.prerelease.length - b.prerelease.length;
  return compareWords(a.prerelease[differs], b.prerelease[differs]);
}

/** Numbers by value, and before words; words by their characters. A missing identifier comes first. */
function compareWords(a, b) {
  if (b === undefined) return 1;
  const [isNumberA, isNumberB] = [a, b].map((word) => /^\d+$/.test(word));
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The first number that differs: 0, 1 or 2; -1 where none does. */
function raisedPart(from, to) {
  return from.core.findIndex((part, index) => part !== to.core[index]);
}

function isTagged() {
  if (git('tag', '--list', tag) !== '') return true;
  const remotes = git('remote').split('\n');
  return remotes.includes('origin') && git('ls-remote', '--tags', 'origin', `refs/tags/${tag}`) !== '';
}

/** The versions that tags in the history of HEAD name, oldest first. Other tags count for nothing. */
function earlierVersions() {
  const tags = git('tag', '--merged', 'HEAD', '--list', 'v*').split('\n');
  return tags
    .map((name) => parse(name.slice(1)))
    .filter((earlier) => earlier !== null)
    .sort(compare);
}

/**
 * A change that breaks raises the first number, or the second one before 1.0.0; only such a change raises the first. The
 * step counts from the last release: prereleases lie between it and the next one.
 */
function refuseWrongStep(next, earlier) {
  const newest = earlier.at(-1);
  refuseUnless(!newest || compare(next, newest) > 0, `${version} is older than ${newest?.text}`);
  const last = earlier.findLast(({ prerelease }) => prerelease.length === 0);
  if (!last) return;
  const raised = raisedPart(last, next);
  const breaks = /^### Breaking$/m.test(notes);
  const breakingPart = last.core[0] === 0 ? 1 : 0;
  refuseUnless(
    !breaks || (raised !== -1 && raised <= breakingPart),
    `"### Breaking" since ${last.text} needs a larger step than ${version}`,
  );
  // A later prerelease lists its own changes alone.
  const continues = next.prerelease.length > 0 && raisedPart(newest, next) === -1;
  refuseUnless(
    breaks || continues || raised !== 0 || last.core[0] === 0,
    `${version} raises the first number: say under "### Breaking" what breaks`,
  );
}

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

function run(program, args) {
  try {
    execFileSync(program, args, { stdio: 'inherit' });
  } catch {
    refuseUnless(false, `"${[program, ...args].join(' ')}" fails`);
  }
}

function refuseUnless(condition, reason) {
  if (condition) return;
  console.error(`release refused: ${reason}`);
  process.exit(1);
}
