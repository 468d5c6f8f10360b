/** Upstream tokens that the tests use, and words in the bodies that the simulator and test servers answer with. */
const CANARIES = [
  // The token of nearly every gateway in the tests, and the one of the client's own tests.
  'demo-token',
  'sk_secret-of-the-owner',
  // `anchor_id` and `replace_bg_id` in every proper answer of the simulator, and the message of its faults.
  '63de16f26c6193fa4ca7a486',
  '629067e435e495933464f034',
  'injected',
  // In the bodies of the test servers that answer badly.
  'confidential',
] as const;

/** The lines of a text that hold a canary: a word that may appear in upstream calls alone. */
export function leakedSecrets(text: string): string[] {
  return text.split('\n').filter((line) => CANARIES.some((canary) => line.includes(canary)));
}
