// The numbers of a step as tables: of one unit beside its means, and of every unit.
class Tables {
  constructor(look) {
    this.look = look;
    this.known = new Map();
    this.rows = [...document.getElementById("values").tBodies[0].rows];
  }

  // The means of every quantity over some steps, worked out once.
  means(unit, range) {
    const { row, index, layer } = this.look, key = JSON.stringify([row, index, unit, range]);
    if (!this.known.has(key)) {
      const one = (q) => q.mean(row, unit >= 0 && unit < q.count ? unit : null, ...range);
      this.known.set(key, Object.fromEntries(Object.entries(layer.numbers).map(([letter, q]) => [letter, one(q)])));
    }
    return this.known.get(key);
  }

  // The numbers of the step beside the means over the stretch, where one is chosen, and over all steps.
  moment(now, unit) {
    const { stretch, whole } = this.look;
    const all = this.means(unit, whole), part = stretch ? this.means(unit, stretch) : {};
    document.getElementById("values").classList.toggle("without-stretch", !stretch);
    for (const row of this.rows) {
      const { letter } = row.dataset;
      row.hidden = !(letter in now);
      if (row.hidden) continue;
      row.cells[1].textContent = now[letter].text;
      row.cells[2].textContent = decimal(part[letter]);
      row.cells[3].textContent = decimal(all[letter]);
    }
  }

  everyUnit(order) {
    const { layer, row, step } = this.look, letters = Object.keys(layer.numbers);
    const number = (unit, q) => (unit < q.count ? q.said(q.at(row, unit, step), unit) : "");
    const table = document.getElementById("every-unit");
    table.tHead.replaceChildren(line("th", ["unit", ...letters]));
    table.tBodies[0].replaceChildren(...order.map((unit) =>
      line("td", [unit, ...letters.map((letter) => number(unit, layer.numbers[letter]))])));
  }
}

// A line of a table, headed by its first cell.
function line(kind, cells) {
  const row = document.createElement("tr");
  cells.forEach((text, k) => {
    const one = row.appendChild(document.createElement(k ? kind : "th"));
    one.textContent = text;
    if (kind === "th" || !k) one.scope = kind === "th" ? "col" : "row";
  });
  return row;
}
