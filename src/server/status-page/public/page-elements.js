// @ts-check

/** @param {string} id */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * Writes words into an element unless it already has them.
 * @param {Element} target
 * @param {string} words
 */
export function write(target, words) {
  if (target.textContent !== words) target.textContent = words;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string | Node[]} [content]
 */
export function make(tag, className = '', content = '') {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (typeof content === 'string') made.textContent = content;
  else made.append(...content);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {Element[]} [children]
 */
export function makeSvg(tag, attributes, children = []) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Replaces the rows of a table body by the given cells; the first cell is the head of its row.
 * @param {Element} body
 * @param {ReadonlyArray<ReadonlyArray<string>>} rows
 * @param {(row: ReadonlyArray<string>) => boolean} [stands] whether a row stands out
 */
export function fillTable(body, rows, stands = () => false) {
  const lines = rows.map((cells) => {
    const made = cells.map((cell, index) => make(index === 0 ? 'th' : 'td', '', cell));
    made[0]?.setAttribute('scope', 'row');
    return make('tr', stands(cells) ? 'some' : '', made);
  });
  body.replaceChildren(...lines);
}
