/** The longest delay a Node timer keeps, in ms; a longer one would fire at once (nodejs.org/api/timers.html). */
export const MAX_TIMER_MS = 2 ** 31 - 1;
