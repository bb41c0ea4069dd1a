// In which order units stand, the most interesting at the top.

// The ways to sort that a layer has, each with its name.
function ways(look) {
  const found = [...(look.layer.timescale ? [["timescale", "longest timescale first"]] : []), ["number", "by number"]];
  for (const name of look.tracks) {
    const { names, numbers } = look.data[name];
    if (names.length > look.data.looks.length || numbers.length < 3) continue;
    names.forEach((label, k) => found.push([`${name} ${k}`, `those that follow ${label}`]));
  }
  return [...found, ["stretch", "those that stand out in the stretch"]];
}

// The units, sorted in one of these ways; by what happens in the stretch, where one is chosen.
function ordered(look, way) {
  const [kind, k] = way.split(" "), { memory, row } = look;
  const [from, to] = (look.stretch ?? look.whole).map((step) => step - memory.first);
  const units = Array.from({ length: memory.count }, (_, u) => u);
  if (kind === "timescale") return falling(look.layer.timescale);
  if (kind === "number") return units;
  if (kind === "stretch") return falling(units.map((u) => outstanding(memory.series(row, u), from, to)));
  const signal = look.data[kind].numbers.series(row, Number(k));
  return falling(units.map((u) => Math.abs(correlation(memory.series(row, u), signal, from, to))));
}

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
