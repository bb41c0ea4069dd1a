// Inputs and answers over time: lines with their keys where they are few, a picture where they are many.

const DASHES = { solid: "none", dashed: "6 4", dotted: "2 3", dotdash: "2 3 6 3", dashdot: "6 3 2 3" };

function drawTrack(look, name, chart) {
  const { numbers, names } = look.data[name], { looks } = look.data;
  const few = names.length <= looks.length;
  const together = few && comparable(numbers, look.row, names.length);
  document.getElementById(`note-${name}`).textContent = !few ? `${names.length} of them, one below the other`
    : together ? "" : "each between its own lowest and highest value";
  if (look.data.hertz && name === "inputs") spectrogram(look, numbers, chart);
  else if (few) chart.lines(numbers, look.row, looks.slice(0, names.length), together);
  else {
    const most = numbers.largest[look.row];
    chart.model.left[0].visible = false;
    chart.heat(numbers, look.row, names.map((_, k) => k), -most, most);
  }
  document.getElementById(`legend-${name}`).replaceChildren(...(few ? names.map((label, k) => key(label, looks[k])) : []));
}

// Bands of sound, the lowest at the bottom, from their lowest to their highest number.
function spectrogram(look, numbers, chart) {
  const bands = look.data.hertz.map((_, k) => k).reverse();
  chart.heat(numbers, look.row, bands, ...numbers.range(look.row));
  document.getElementById("note-inputs").textContent = `${bands.length} bands of frequency, in Hz; bright is loud, as the networks read it`;
}

// A line's key: a stroke, its label, and room for its number.
function key(label, look) {
  const item = document.createElement("li");
  const stroke = document.getElementById("stroke").content.cloneNode(true).firstElementChild;
  stroke.style.stroke = look.color;
  stroke.firstElementChild.setAttribute("stroke-dasharray", DASHES[look.dash]);
  const name = document.createElement("bdi");
  name.textContent = label;
  item.append(stroke, name, " ", document.createElement("b"));
  return item;
}

// The numbers of a step, beside the keys.
function tellTrack(look, name, step) {
  const { numbers } = look.data[name];
  document.getElementById(`legend-${name}`).querySelectorAll("b").forEach((b, k) => {
    b.textContent = numbers.said(numbers.at(look.row, k, step), k);
  });
}

// Whether lines can share an axis: none would be flat in the range of all.
function comparable(numbers, row, count) {
  const ranges = Array.from({ length: count }, (_, k) => spread(numbers.series(row, k)));
  const span = Math.max(...ranges.map((r) => r[1])) - Math.min(...ranges.map((r) => r[0]));
  return ranges.every(([low, high]) => high === low || high - low > span / 12);
}

// The lowest and the highest of a series.
function spread(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) { if (v < low) low = v; if (v > high) high = v; }
  return low <= high ? [low, high] : [0, 0];
}
