const UNITS = ["B", "kB", "MB", "GB", "TB"];

/**
 * As `12.3 MB`.
 *
 * @param {number} bytes
 */
export function sizeWords(bytes) {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}
