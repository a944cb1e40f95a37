// Uncertain numbers as vectors: one value per draw.

const FARTHEST = 100 * Math.log(10); // a ratio beyond 1e100 counts as 1e100
const LOWEST = -21.273453560965; // probits of 1e-100
const FIRST = 3; // beyond it a continued fraction converges fast, before it a power series
const CONSTANT = 0, RATIO = 2, ODDS = 3; // 1 is a probability

// The normal distribution function, to about 1e-13 of the smaller tail.
export function normal(x) {
  const away = Math.abs(x);
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (away < FIRST) {
    let term = x, sum = x;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) sum += term *= (x * x) / k;
    return 0.5 + density * sum;
  }
  let fraction = away;
  for (let k = 60; k > 0; k--) fraction = away + k / fraction;
  const tail = density / fraction;
  return x < 0 ? tail : 1 - tail;
}

// Float32 numbers in base64, `length` of them per column.
export function columns(text, length) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const found = [];
  for (let at = 0; at < bytes.length; at += 4 * length)
    found.push(Float64Array.from({ length }, (_, draw) => view.getFloat32(at + 4 * draw, true)));
  return found;
}

// A probability with the curve `a + b sinh(d (z + s))`, or `a + b z` where d is 0, on the probit scale.
export function probability(z, [a, b, d, s]) {
  return z.map((x) => normal(Math.max(d > 0 ? a + b * Math.sinh(d * (x + s)) : a + b * x, LOWEST)));
}

// All slots of a network, each a vector; a slot of odds comes after the two it is made of.
export function slotValues(slots, normals, draws) {
  const values = [];
  for (const [kind, first, second, a, b, d, s, vary] of slots) {
    if (kind === CONSTANT) values.push(new Float64Array(draws).fill(a));
    else if (kind === ODDS) values.push(timesOdds(values[first], values[second]));
    else {
      const scale = normals[first].map((x, draw) => {
        const value = d > 0 ? a + b * Math.sinh(d * (x + s)) : a + b * x;
        return second < 0 ? value : value + vary * normals[second][draw];
      });
      values.push(scale.map(kind === RATIO ? bounded : (x) => normal(Math.max(x, LOWEST))));
    }
  }
  return values;
}

function bounded(x) {
  return Math.exp(Math.min(Math.max(x, -FARTHEST), FARTHEST));
}

// The probability whose odds are those of `base` times `ratio`: vectors, or a vector and a number.
export function timesOdds(base, ratio) {
  return base.map((p, draw) => {
    const odds = p * (typeof ratio === "number" ? ratio : ratio[draw]);
    return p > 0 ? odds / (1 - p + odds) : 0;
  });
}

// The logarithm of a sum of exponentials; indexed loops, since nothing else is called as often.
export function logSum(values) {
  let top = -Infinity;
  for (let k = 0; k < values.length; k++) if (values[k] > top) top = values[k];
  if (top === -Infinity) return top;
  let total = 0;
  for (let k = 0; k < values.length; k++) total += Math.exp(values[k] - top);
  return top + Math.log(total);
}

// The same across vectors, draw by draw.
export function logSums(vectors) {
  const here = new Float64Array(vectors.length);
  return vectors[0].map((_, draw) => {
    for (let k = 0; k < here.length; k++) here[k] = vectors[k][draw];
    return logSum(here);
  });
}

// Vectors added up.
export function added(vectors) {
  const total = new Float64Array(vectors[0].length);
  for (const vector of vectors) for (let draw = 0; draw < total.length; draw++) total[draw] += vector[draw];
  return total;
}
