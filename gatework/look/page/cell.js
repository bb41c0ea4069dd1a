// The diagram of one step: each part shows its number, in the colour that it has in the heatmaps.
class Cell {
  constructor(kind, shades) {
    this.svg = document.getElementById(`cell-${kind}`);
    this.shades = shades;
    for (const one of document.querySelectorAll("svg.cell")) one.toggleAttribute("hidden", one !== this.svg);
    this.parts = [...this.svg.querySelectorAll(".part")];
  }

  // values: for each part its number and how it is written; scales: the ends of each heatmap's colours.
  show(values, scales) {
    for (const part of this.parts) {
      const { part: letter, when } = part.dataset;
      const { value, text: exact } = values[when][letter] ?? { value: NaN, text: "–" };
      // As many decimals as a person compares; the table has them all.
      const text = Number.isFinite(value) ? decimal(value, 3) : exact;
      part.querySelector(".value").textContent = text;
      part.setAttribute("aria-label", `${part.dataset.term} ${letter === "x" ? "" : letter} ${when === "now" ? "" : "before"}: ${text}`);
      const shades = this.shades[letter];
      if (shades) part.querySelector(".swatch").style.fill = Number.isFinite(value)
        ? shades[Math.min(shades.length - 1, Math.max(0, Math.floor(shades.length * share(value, scales[letter]))))] : "none";
    }
  }
}

// Where a number lies between the ends of its heatmap's scale, from 0 to 1.
function share(value, [lowest, highest]) {
  return (value - lowest) / (highest - lowest);
}

// What the step worked out, in numbers; nothing where the layer does more than the plain equations.
function equations(kind, now, before) {
  const lines = [], values = Object.fromEntries(Object.entries(now).map(([letter, one]) => [letter, one.value]));
  const add = (name, value, computed, text) => {
    if (Math.abs(value - computed) < 1e-3 * Math.max(1, Math.abs(value))) lines.push(`${name} = ${text} = ${decimal(value, 3)}`);
  };
  if (kind === "lstm") {
    const { f, i, g, o, c, h } = values;
    add("c", c, f * before.c.value + i * g, `f × c before + i × g = ${short(f)} × ${short(before.c.value)} + ${short(i)} × ${short(g)}`);
    add("h", h, o * Math.tanh(c), `o × tanh(c) = ${short(o)} × tanh(${decimal(c, 3)})`);
  } else if (kind === "gru") {
    const { z, n, h } = values;
    add("h", h, (1 - z) * n + z * before.h.value, `(1 − z) × n + z × h before = ${short(1 - z)} × ${short(n)} + ${short(z)} × ${short(before.h.value)}`);
  }
  return lines;
}

function short(value) {
  return value < 0 ? `(${decimal(value, 3)})` : decimal(value, 3);
}
