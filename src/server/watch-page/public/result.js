// @ts-check

const UNPLAYABLE = 'The video cannot be played here, but its address may still work:';

/**
 * Puts a link to the finished video and, where it has the page for itself, the video into `place`; hides `place` without
 * an address that a browser may safely open. The same address again does not interrupt a video that is playing.
 *
 * @param {HTMLElement} place
 * @param {string | null} resultUrl
 * @param {boolean} plays
 */
export function showResult(place, resultUrl, plays) {
  const url = webUrl(resultUrl);
  place.hidden = url === null;
  const shown = url === null ? '' : `${plays} ${url}`;
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(...(url === null ? [] : plays ? [link(url), player(url)] : [link(url)]));
}

/** @param {string | null} text */
function webUrl(text) {
  const url = text === null ? null : URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null;
}

/** @param {string} url */
function player(url) {
  const video = document.createElement('video');
  video.controls = true;
  video.playsInline = true;
  // A page that is only looked at tells the host of the video no address of its viewer.
  video.preload = 'none';
  video.setAttribute('aria-label', 'The finished video');
  video.addEventListener('error', () => {
    const words = document.createElement('p');
    words.className = 'fault';
    words.textContent = UNPLAYABLE;
    video.replaceWith(words);
  });
  video.src = url;
  return video;
}

/** @param {string} url */
function link(url) {
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.target = '_blank';
  anchor.rel = 'noopener noreferrer';
  anchor.textContent = 'Open the video in a new tab';
  return anchor;
}
