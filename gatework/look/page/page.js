// What is looked at, and everything that follows from it: the diagram, the marks, the tables.
(async () => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  for (const track of [data.inputs, data.answers]) if (track) track.numbers = new Numbers(track);
  for (const layer of data.layers) {
    layer.numbers = Object.fromEntries(Object.entries(layer.parts).map(([letter, q]) => [letter, new Numbers(q)]));
  }
  const charts = await charted(data.charts);
  // unit -1 is the mean of all; hover is what the mouse is over, until it leaves.
  const at = { row: 0, layer: 0, step: 0, unit: -1, stretch: null, hover: null };
  let layer, cell, order, scales, tracks;

  const memoryOf = (one) => one.numbers.c ?? one.numbers.h;
  const first = () => memoryOf(layer).first;
  const last = () => (layer.steps === data.inputs?.steps ? data.steps[at.row] : layer.steps) - 1;
  const whole = () => [first(), last()];
  const looks = (track) => track.names.map((_, k) => data.looks[k % data.looks.length]);

  // A layer, or a row of it, is opened.
  function open() {
    layer = data.layers[at.layer];
    cell = new Cell(layer.cell, data.shades);
    at.unit = Math.min(at.unit, layer.units - 1);
    at.step = Math.min(Math.max(at.step, first()), last());
    at.stretch = at.hover = null;
    scales = Object.fromEntries(Object.entries(layer.numbers).map(([letter, q]) => {
      const most = q.largest[at.row];
      return [letter, data.gates.includes(letter) ? [0, 1] : [-most, most]];
    }));
    tracks = ["inputs", "answers"].filter((name) => data[name]?.steps === layer.steps);
    for (const [name, chart] of Object.entries(charts)) {
      chart.place.parentElement.hidden = !(name in layer.numbers || tracks.includes(name));
    }
    for (const name of tracks) track(name);
    for (const [letter, [low, high]] of Object.entries(scales)) {
      $(`low-${letter}`).textContent = data.gates.includes(letter) ? "shut 0" : decimal(low, 2);
      $(`high-${letter}`).textContent = data.gates.includes(letter) ? "1 open" : decimal(high, 2);
    }
    $("step").min = $("step-number").min = first();
    $("step").max = $("step-number").max = last();
    for (const id of ["from", "to"]) Object.assign($(id), { min: first(), max: last(), value: "" });
    orders();
    sort();
    zoom(...whole());
  }

  // Inputs or answers: lines where they are few, a picture where they are many.
  function track(name) {
    const { numbers, names } = data[name], chart = charts[name], few = names.length <= data.looks.length;
    const together = few && comparable(numbers, at.row, names.length);
    $(`note-${name}`).textContent = !few ? `${names.length} of them, one below the other`
      : together ? "" : "each between its own lowest and highest value";
    if (few) chart.lines(numbers, at.row, looks(data[name]), together);
    else {
      const most = numbers.largest[at.row];
      chart.model.left[0].visible = false;
      chart.heat(numbers, at.row, names.map((_, k) => k), -most, most);
    }
    const legend = $(`legend-${name}`);
    legend.replaceChildren();
    if (few) names.forEach((label, k) => legend.append(key(label, data.looks[k])));
  }

  // A line's key: a stroke, its label, and room for its number.
  function key(label, look) {
    const item = document.createElement("li");
    const stroke = $("stroke").content.cloneNode(true).firstElementChild;
    stroke.style.stroke = look.color;
    stroke.firstElementChild.setAttribute("stroke-dasharray", { solid: "none", dashed: "6 4", dotted: "2 3", dotdash: "2 3 6 3", dashdot: "6 3 2 3" }[look.dash]);
    const name = document.createElement("bdi");
    name.textContent = label;
    item.append(stroke, name, " ", document.createElement("b"));
    return item;
  }

  // The ways to sort units that this layer has.
  function orders() {
    const chosen = $("order").value;
    const options = [...(layer.timescale ? [["timescale", "longest timescale first"]] : []), ["number", "by number"]];
    for (const name of tracks) {
      if (data[name].names.length > data.looks.length || data[name].numbers.length < 3) continue;
      data[name].names.forEach((label, k) => options.push([`${name} ${k}`, `those that follow ${label}`]));
    }
    options.push(["stretch", "those that stand out in the stretch"]);
    $("order").replaceChildren(...options.map(([value, label]) => choice(value, label)));
    $("order").value = options.some(([value]) => value === chosen) ? chosen : options[0][0];
  }

  function choice(value, label) {
    const option = document.createElement("option");
    // Labels may be written from right to left.
    Object.assign(option, { value, textContent: label, dir: "auto" });
    return option;
  }

  // Order the units, and draw them so.
  function sort() {
    const [kind, k] = $("order").value.split(" ");
    const numbers = memoryOf(layer), [from, to] = at.stretch ?? whole(), start = numbers.first;
    const units = Array.from({ length: numbers.count }, (_, u) => u);
    if (kind === "timescale") order = falling(layer.timescale);
    else if (kind === "number") order = units;
    else if (kind === "stretch") {
      order = falling(units.map((u) => outstanding(numbers.series(at.row, u), from - start, to - start)));
    } else {
      const signal = data[kind].numbers.series(at.row, Number(k));
      order = falling(units.map((u) => Math.abs(correlation(numbers.series(at.row, u), signal, from - start, to - start))));
    }
    for (const [letter, q] of Object.entries(layer.numbers)) {
      // A projected short-term memory has other units than the gates.
      const own = q.count === order.length ? order : Array.from({ length: q.count }, (_, u) => u);
      charts[letter].heat(q, at.row, own, ...scales[letter]);
    }
    $("unit").replaceChildren(choice(-1, "mean of all units"), ...order.map((u) => choice(u, unitName(u))));
    $("unit").value = at.unit;
    show();
  }

  function unitName(unit) {
    if (!layer.timescale) return `unit ${unit}`;
    const keeps = layer.timescale[unit];
    return `unit ${unit}, ${keeps > 1e6 ? "never forgets" : `keeps for ${keeps < 10 ? keeps.toFixed(1) : Math.round(keeps)} steps`}`;
  }

  // What a quantity is at a step, of one unit or of all.
  function value(numbers, unit, step) {
    if (unit >= 0 && numbers.count > unit) {
      const found = numbers.at(at.row, unit, step);
      return { value: found, text: numbers.said(found, unit) };
    }
    let total = 0;
    for (let u = 0; u < numbers.count; u++) total += numbers.at(at.row, u, step);
    return { value: total / numbers.count, text: decimal(total / numbers.count) };
  }

  // Everything about one step. It follows the mouse, so it does nothing that takes long.
  function show() {
    const step = at.hover?.step ?? at.step, unit = at.hover?.unit ?? at.unit;
    const back = layer.reverse ? 1 : -1;
    const now = {}, before = {};
    for (const [letter, q] of Object.entries(layer.numbers)) {
      now[letter] = value(q, unit, step);
      before[letter] = value(q, unit, step + back);
    }
    const inputs = tracks.includes("inputs") ? data.inputs : null;
    if (layer.depth > 0) now.x = { value: NaN, text: "layer below" };
    else if (inputs) {
      now.x = inputs.names.length === 1 ? value(inputs.numbers, 0, step) : { value: NaN, text: `${inputs.names.length} numbers` };
    }
    cell.show({ now, before }, scales);
    $("where").textContent = `Step ${step}, ${unit < 0 ? "the mean of all units" : unitName(unit)}`;
    const numbersOf = (q) => Object.fromEntries(Object.entries(q).map(([letter, one]) => [letter, one.value]));
    const lines = unit < 0 ? [] : equations(layer.cell, numbersOf(now), numbersOf(before));
    $("equation").replaceChildren(...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })));
    for (const name of tracks) {
      $(`legend-${name}`).querySelectorAll("b").forEach((b, k) => {
        b.textContent = data[name].numbers.said(data[name].numbers.at(at.row, k, step), k);
      });
    }
    if (at.hover === null) {
      $("step").value = $("step-number").value = step;
      $("step").setAttribute("aria-valuetext", `step ${step} of ${last()}`);
    }
    for (const chart of Object.values(charts)) {
      if (chart.place.parentElement.hidden) continue;
      chart.mark("cursor", step, step);
      chart.mark("band", at.stretch ? at.stretch[0] - 0.5 : null, at.stretch ? at.stretch[1] + 0.5 : null);
      const place = unit >= 0 && chart.units && chart.name in layer.numbers ? chart.units.indexOf(unit) : -1;
      chart.mark("line", place < 0 ? null : chart.units.length - 1 - place, chart.units?.length - place);
    }
    table(now, unit);
  }

  // The means of every quantity over some steps, worked out once.
  const known = new Map();
  function means(unit, range) {
    const key = JSON.stringify([at.row, at.layer, unit, range]);
    if (!known.has(key)) {
      const one = (q) => q.mean(at.row, unit >= 0 && unit < q.count ? unit : null, ...range);
      known.set(key, Object.fromEntries(Object.entries(layer.numbers).map(([letter, q]) => [letter, one(q)])));
    }
    return known.get(key);
  }

  // The numbers of the step beside the means over the stretch and over all steps.
  function table(now, unit) {
    const all = means(unit, whole()), stretch = at.stretch ? means(unit, at.stretch) : {};
    for (const row of $("values").tBodies[0].rows) {
      const letter = row.dataset.letter;
      row.hidden = !(letter in layer.numbers);
      if (row.hidden) continue;
      row.cells[1].textContent = now[letter].text;
      row.cells[2].textContent = decimal(stretch[letter]);
      row.cells[3].textContent = decimal(all[letter]);
    }
    if ($("all").open && at.hover === null) everyUnit();
  }

  // The numbers of every unit at the chosen step, when they are asked for.
  function everyUnit() {
    const letters = Object.keys(layer.numbers);
    const line = (kind, cells) => {
      const row = document.createElement("tr");
      cells.forEach((text, k) => {
        const one = row.appendChild(document.createElement(k ? kind : "th"));
        one.textContent = text;
        if (kind === "th" || !k) one.scope = kind === "th" ? "col" : "row";
      });
      return row;
    };
    $("every-unit").tHead.replaceChildren(line("th", ["unit", ...letters]));
    $("every-unit").tBodies[0].replaceChildren(...order.map((u) =>
      line("td", [u, ...letters.map((l) => { const q = layer.numbers[l]; return u < q.count ? q.said(q.at(at.row, u, at.step), u) : ""; })])));
  }

  // Every chart from one step to another.
  function zoom(from, to) {
    charts[data.charts[0]].model.x_range.setv({ start: from - 0.5, end: to + 0.5 });
  }

  const inside = (step) => Math.min(Math.max(Math.round(step), first()), last());

  function choose(from, to) {
    at.stretch = from === null ? null : [inside(Math.min(from, to)), inside(Math.max(from, to))];
    $("from").value = at.stretch?.[0] ?? "";
    $("to").value = at.stretch?.[1] ?? "";
    $("zoom").disabled = $("clear").disabled = !at.stretch;
    $("stretch-said").textContent = at.stretch ? `${at.stretch[1] - at.stretch[0] + 1} steps` : "";
    later(show);
  }

  // At most once a picture, however fast the mouse is.
  const waiting = new Set();
  function later(what) {
    if (waiting.has(what)) return;
    waiting.add(what);
    requestAnimationFrame(() => { waiting.delete(what); what(); });
  }

  function pointed(chart, { x, y }) {
    const numbers = layer.numbers[chart.name], row = chart.units?.length - 1 - Math.floor(y);
    return { step: inside(x), unit: numbers?.count === order.length ? chart.units[row] : undefined };
  }

  const pointing = {
    hover(chart, point) { at.hover = pointed(chart, point); later(show); },
    leave() { at.hover = null; later(show); },
    pick(chart, point) {
      const { step, unit } = pointed(chart, point);
      Object.assign(at, { step, unit: unit ?? at.unit });
      $("unit").value = at.unit;
      later(show);
    },
    brush(from, to, ended) {
      choose(from, to);
      if (ended && !["timescale", "number"].includes($("order").value)) sort();
    },
  };
  for (const chart of Object.values(charts)) chart.listen(pointing);

  const pinned = (step) => { at.hover = null; at.step = inside(step); later(show); };
  $("step").addEventListener("input", () => pinned(Number($("step").value)));
  $("step-number").addEventListener("change", () => pinned(Number($("step-number").value)));
  $("unit").addEventListener("change", () => { at.unit = Number($("unit").value); later(show); });
  $("order").addEventListener("change", sort);
  $("row").addEventListener("change", () => { at.row = Number($("row").value); open(); });
  $("layer").addEventListener("change", () => { at.layer = Number($("layer").value); open(); });
  for (const id of ["from", "to"]) {
    $(id).addEventListener("change", () => {
      if ($("from").value !== "" && $("to").value !== "") {
        choose(Number($("from").value), Number($("to").value));
        sort();
      }
    });
  }
  $("zoom").addEventListener("click", () => { zoom(...at.stretch); });
  $("whole").addEventListener("click", () => zoom(...whole()));
  $("clear").addEventListener("click", () => choose(null));
  $("all").addEventListener("toggle", show);
  for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());

  $("row").replaceChildren(...data.rows.map((name, k) => choice(k, name)));
  $("layer").replaceChildren(...data.layers.map((one, k) => choice(k, `${one.name}: ${one.cell.toUpperCase()}, ${one.units} units`)));
  for (const chart of Object.values(charts)) {
    for (const property of [chart.model.properties.inner_width, chart.model.x_range.properties.start, chart.model.x_range.properties.end]) {
      property.change.connect(() => later(show));
    }
  }
  const keeps = data.layers[0].timescale;
  at.unit = keeps ? falling(keeps)[0] : 0;
  at.step = Math.round((data.layers[0].steps - 1) / 2);
  open();
  performance.mark("ready");
  document.documentElement.dataset.ready = "yes";
})();
