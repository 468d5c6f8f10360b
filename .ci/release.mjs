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
refuseUnless(partsOf(version) !== null, `${version} is no semantic version`);
refuseUnless(
  JSON.parse(readFileSync('package-lock.json', 'utf8')).version === version,
  'package-lock.json has another version',
);
refuseUnless(!isTagged(), `${tag} exists already: raise the version in package.json`);
refuseUnless(notes !== null, `CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
refuseUnless(/^- /m.test(notes), `the section of ${version} in CHANGELOG.md lists no change`);
refuseWrongStep(lastVersion());

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

/** Major, minor and patch; null for what is no semantic version (semver.org, section 2). */
function partsOf(text) {
  const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?$/.exec(text);
  return match?.slice(1, 4).map(Number) ?? null;
}

function isTagged() {
  if (git('tag', '--list', tag) !== '') return true;
  const remotes = git('remote').split('\n');
  return remotes.includes('origin') && git('ls-remote', '--tags', 'origin', `refs/tags/${tag}`) !== '';
}

/** The version that the newest tag in the history of HEAD names; null before the first release. */
function lastVersion() {
  return git('tag', '--merged', 'HEAD', '--list', 'v*', '--sort=-v:refname').split('\n')[0]?.slice(1) || null;
}

/** A change that breaks raises the first number, or the second one before 1.0.0; only such a change raises the first. */
function refuseWrongStep(last) {
  if (last === null) return;
  const [from, to] = [partsOf(last), partsOf(version)];
  const raised = from.findIndex((part, index) => part !== to[index]);
  refuseUnless(raised === -1 || to[raised] > from[raised], `${version} is older than ${last}`);
  const breaks = /^### Breaking$/m.test(notes);
  const breakingPart = from[0] === 0 ? 1 : 0;
  refuseUnless(
    !breaks || (raised !== -1 && raised <= breakingPart),
    `"### Breaking" since ${last} needs a larger step than ${version}`,
  );
  refuseUnless(
    breaks || raised !== 0 || from[0] === 0,
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
