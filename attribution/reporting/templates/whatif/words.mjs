// Numbers in words, as the rest of the report writes them.

// Whole percents, one decimal below 10, never 0 or 100 unless it is exactly that.
export function percent(p, exact = false) {
  if (exact && (p === 0 || p === 1)) return `${100 * p} %`;
  if (p < 0.001) return "< 0.1 %";
  if (p > 0.99) return "> 99 %";
  return p < 0.0995 ? `${(100 * p).toFixed(1)} %` : `${(100 * p).toFixed(0)} %`;
}

// A difference of probabilities in percentage points, with its sign; what rounds to nothing has none.
export function points(difference) {
  const shown = (100 * Math.abs(difference)).toFixed(1);
  if (shown === "0.0") return "0.0";
  return `${difference > 0 ? "+" : "\u2212"}${shown}`;
}

// A shift of odds in decibans, and as a factor.
export function decibans(shift) {
  const sign = shift > 0 ? "+" : "\u2212";
  return `${sign}${Math.abs(shift)} dB (odds ${shift > 0 ? "\u00d7" : "\u00f7"} ${(10 ** (Math.abs(shift) / 10)).toPrecision(2)})`;
}
