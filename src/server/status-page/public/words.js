// @ts-check

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

/** A number with three digits that count, or more. @param {number} value */
export function number(value) {
  if (value >= 100 || Number.isInteger(value)) return whole.format(value);
  return value >= 10 ? tenths.format(value) : hundredths.format(value);
}

/** @param {number | null} ms */
export function milliseconds(ms) {
  if (ms === null) return '–';
  return ms >= 1000 ? `${hundredths.format(ms / 1000)} s` : `${whole.format(ms)} ms`;
}

/** @param {number} bytes */
export function mebibytes(bytes) {
  return `${whole.format(bytes / 1024 / 1024)} MiB`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** @param {number} count @param {string} one */
export function counted(count, one) {
  return `${whole.format(count)} ${one}${count === 1 ? '' : 's'}`;
}
