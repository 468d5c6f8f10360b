// `npm run release`: checks, packs and tags the version of package.json. Publishing and pushing the tag stay manual.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const tag = `v${version}`;
if (git('status', '--porcelain') !== '') refuse('the work tree has uncommitted changes');
if (git('tag', '--list', tag) !== '') refuse(`${tag} exists already: raise the version in package.json`);
if (!readFileSync('CHANGELOG.md', 'utf8').includes(`## ${version}`)) {
  refuse(`CHANGELOG.md has no section "## ${version}"`);
}
execFileSync('npm', ['test'], { stdio: 'inherit' });
execFileSync('npm', ['pack'], { stdio: 'inherit' });
git('tag', '--annotate', tag, '--message', tag);
console.log(`packed and tagged ${tag}: publish with "npm publish", then "git push origin ${tag}"`);

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

function refuse(reason) {
  console.error(`release refused: ${reason}`);
  process.exit(1);
}
