// Fits seen from two directions: their means and covariances there, and the density.

// Places of the lower triangle of a matrix.
function triangle(i, j) {
  return i >= j ? (i * (i + 1)) / 2 + j : (j * (j + 1)) / 2 + i;
}

// Directions with few columns are projected column by column.
function support(vector) {
  return [...vector.keys()].filter((j) => vector[j] !== 0).map((j) => [j, vector[j]]);
}

function projectedMeans(fit, direction, d) {
  return fit.weights.map((_, c) => direction.parts.reduce((sum, [j, u]) => sum + u * fit.means[c * d + j], 0));
}

function projectedCovariance(fit, component, first, second, d) {
  if (!fit.covariances) return NaN;
  const start = component * ((d * (d + 1)) / 2);
  let sum = 0;
  for (const [i, u] of first.parts) for (const [j, v] of second.parts) sum += u * v * fit.covariances[start + triangle(i, j)];
  return sum;
}

function projectedRows(columns, direction, n) {
  const found = new Float64Array(n);
  for (const [j, u] of direction.parts) {
    const column = columns[j];
    for (let i = 0; i < n; i += 1) found[i] += u * column[i];
  }
  return found;
}

function normalDensity(x, mean, variance) {
  return Math.exp((-0.5 * (x - mean) ** 2) / variance) / Math.sqrt(2 * Math.PI * variance);
}

function planeDensity(x, y, part) {
  const [a, b, c] = part.covariance;
  const determinant = a * c - b * b;
  if (!(determinant > 0)) return 0;
  const u = x - part.x;
  const v = y - part.y;
  const form = (c * u * u - 2 * b * u * v + a * v * v) / determinant;
  return Math.exp(-0.5 * form) / (2 * Math.PI * Math.sqrt(determinant));
}
