// @ts-check

const UNPLAYABLE = 'The video cannot be played here, but its address may still work:';

/**
 * Puts the finished video and a link to it into `place`; hides it without an address that a browser may safely open.
 * The same address twice leaves a video that is playing alone.
 *
 * @param {HTMLElement} place
 * @param {string | null} resultUrl
 */
export function showResult(place, resultUrl) {
  const url = webUrl(resultUrl);
  place.hidden = url === null;
  if (place.dataset.url === (url ?? '')) return;
  place.dataset.url = url ?? '';
  place.replaceChildren(...(url === null ? [] : [player(url), link(url)]));
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
  video.preload = 'metadata';
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
