// @ts-check

/** How far this device's clock is ahead of the gateway's, in ms; 0 until known. */
let aheadMs = 0;

/** Asks the gateway for its time once, by the `Date` header of the page itself. A small difference is left alone. */
export async function learnServerTime() {
  const askedAt = Date.now();
  const answer = await fetch(document.baseURI, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  const date = Date.parse(answer?.headers.get('date') ?? '');
  // The header counts whole seconds, so the true time is half a second later on average.
  const difference = (askedAt + Date.now()) / 2 - (date + 500);
  if (Math.abs(difference) > 2000) aheadMs = difference;
}

/** Now by the gateway's clock, in ms since the epoch. */
export function serverNow() {
  return Date.now() - aheadMs;
}
