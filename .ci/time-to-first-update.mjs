// Measures how long a newcomer waits: clones the repository, types the README's two commands, opens the printed page in
// Chromium and waits until its progress bar has moved. Not part of CI, because it measures the registry and the machine:
//   node .ci/time-to-first-update.mjs
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const LIMIT_SECONDS = 90;
const directory = mkdtempSync(join(tmpdir(), 'newcomer-'));
const clone = join(directory, 'clone');
const begin = performance.now();
const seconds = () => (performance.now() - begin) / 1000;
const report = (what) => console.log(`${seconds().toFixed(1).padStart(6)} s  ${what}`);
// The PATH of a newcomer has no pinned Node yet.
const PATH = process.env.PATH.split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':');

execFileSync('git', ['clone', '--quiet', '.', clone]);
report('cloned');
const demo = spawn('sh', ['-c', 'npm ci && exec npm run demo'], {
  cwd: clone,
  env: { ...process.env, PATH, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
});
try {
  const page = await printedPage();
  report(`installed and started: ${page}`);
  await progressOn(page);
  report('the progress bar has moved');
  if (seconds() > LIMIT_SECONDS) {
    console.error(`more than ${LIMIT_SECONDS} s`);
    process.exitCode = 1;
  }
} finally {
  process.kill(-demo.pid, 'SIGTERM');
  await once(demo, 'exit');
  rmSync(directory, { recursive: true, force: true });
}

async function printedPage() {
  for await (const line of createInterface({ input: demo.stdout })) {
    const [, page] = /Watch page\s+(http\S+)/.exec(line) ?? [];
    if (page) return page;
  }
  throw new Error('the demo printed no page');
}

async function progressOn(page) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const tab = await browser.newPage();
    await tab.goto(page);
    // Without a value yet the bar is indeterminate.
    const valueAfter = (before) =>
      tab.waitForFunction(
        (value) => {
          const bar = document.querySelector('progress');
          return bar?.hasAttribute('value') && bar.value > value && bar.value;
        },
        before,
        { timeout: LIMIT_SECONDS * 1000 },
      );
    const first = await (await valueAfter(-1)).jsonValue();
    report(`the page shows ${first} %`);
    await valueAfter(first);
  } finally {
    await browser.close();
  }
}
