// @ts-check

/** How far this device's clock is ahead of the gateway's, in ms; 0 until known. */
let aheadMs = 0;

/** Reads the gateway's time once, from the `Date` header of the page itself. A difference of 2 s or less is ignored. */
export async function learnServerTime() {
  const requestedAt = Date.now();
  const response = await fetch(document.baseURI, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  const date = Date.parse(response?.headers.get('date') ?? '');
  // The header counts whole seconds, so the true time is half a second later on average.
  const difference = (requestedAt + Date.now()) / 2 - (date + 500);
  if (Math.abs(difference) > 2000) aheadMs = difference;
}

/** Now by the gateway's clock, in ms since the epoch. */
export function serverNow() {
  return Date.now() - aheadMs;
}
