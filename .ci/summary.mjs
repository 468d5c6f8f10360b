// node .ci/summary.mjs RESULTS STATUS: prints "N passed, N failed" from the JSON report of the test runner.
import { existsSync, readFileSync } from 'node:fs';

const [, , resultsFile, status] = process.argv;
const none = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : none;

// A file that cannot be loaded fails without a test of its own; a check that fails beside the tests counts as one.
const broken = results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const failed = results.numFailedTests + broken.length;
console.log(`${results.numPassedTests} passed, ${failed === 0 && status !== '0' ? 1 : failed} failed`);
