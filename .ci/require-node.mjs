// Runs before every npm script, on whatever Node there is: an old one would fail on the first .ts file in riddles.
const needed = 24;
if (Number.parseInt(process.versions.node, 10) < needed) {
  console.error(`Node ${needed} or newer is needed, this is ${process.version}: run "npm ci", which brings it along.`);
  process.exitCode = 1;
}
