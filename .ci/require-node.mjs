// Runs before every npm script, on whatever Node there is: an old one would fail on the first .ts file in riddles.
// The versions are the `engines` of package.json.
const [major, minor] = process.version.slice(1).split('.').map(Number);
if (major < 26 && !(major === 24 && minor >= 9)) {
  console.error(`Node 24.9 or 26 is needed, this is ${process.version}: run "npm ci", which brings it along.`);
  process.exitCode = 1;
}
