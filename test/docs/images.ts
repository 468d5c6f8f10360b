/** The size of every screenshot, in pixels. */
export const IMAGE_SIZE = { width: 1200, height: 750 };

/** The colour schemes that every page is shown in. */
export const SCHEMES = ['light', 'dark'] as const;

/** The path of the screenshot of one page in one colour scheme, from the root of the repository. */
export function imagePath(page: string, scheme: (typeof SCHEMES)[number]): string {
  return `docs/images/${page}-${scheme}.png`;
}
