// In which order units stand, the most interesting at the top.

// By falling size; ties by number.
function falling(sizes) {
  return sizes.map((_, k) => k).sort((a, b) => sizes[b] - sizes[a] || a - b);
}

// How closely two series go together, from -1 to 1, over steps from..to of both; 0 where one of them is constant.
function correlation(a, b, from, to) {
  let n = 0, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  for (let k = from; k <= to; k++) {
    if (Number.isNaN(a[k]) || Number.isNaN(b[k])) continue;
    n += 1; sa += a[k]; sb += b[k]; aa += a[k] * a[k]; bb += b[k] * b[k]; ab += a[k] * b[k];
  }
  const va = aa - (sa * sa) / n, vb = bb - (sb * sb) / n;
  return va > 1e-12 * aa && vb > 1e-12 * bb ? (ab - (sa * sb) / n) / Math.sqrt(va * vb) : 0;
}

// By how many of its own standard deviations a unit's mean over from..to lies off its mean over all steps.
function outstanding(values, from, to) {
  let n = 0, sum = 0, squares = 0, m = 0, inside = 0;
  values.forEach((v, k) => {
    if (Number.isNaN(v)) return;
    n += 1; sum += v; squares += v * v;
    if (k >= from && k <= to) { m += 1; inside += v; }
  });
  const spread = Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 0));
  return m && spread > 1e-9 ? Math.abs(inside / m - sum / n) / spread : 0;
}
