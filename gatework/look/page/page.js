// The page put together: what is chosen, and everything that follows from it.
(async () => {
  const $ = (id) => document.getElementById(id);
  const look = new Looking(JSON.parse($("data").textContent));
  const { data } = look, tables = new Tables(look);
  const charts = await charted(data.charts);
  const tokens = data.words ? new Tokens(look, charts.inputs) : null;
  let cell, order;

  // A layer, or a row of it, is opened.
  function open(choice) {
    look.open(choice);
    const { layer, tracks, first, last } = look;
    cell = new Cell(layer.cell, data.shades);
    for (const [name, chart] of Object.entries(charts)) {
      chart.place.parentElement.hidden = !(name in layer.numbers || tracks.includes(name));
    }
    if (tokens) charts.inputs.place.parentElement.hidden = false;
    for (const name of tracks) drawTrack(look, name, charts[name]);
    $("said").textContent = data.said ? `${/^\d+$/.test(data.rows[look.row]) ? "row " : ""}${data.rows[look.row]}: ${data.said[look.row]}.` : "";
    $("said").hidden = !data.said;
    $("answer").textContent = look.answer;
    $("elsewhere").hidden = !look.answer;
    for (const id of ["step", "step-number"]) Object.assign($(id), { min: first, max: last });
    for (const id of ["from", "to"]) Object.assign($(id), { min: first, max: last, value: "" });
    const chosen = $("order").value, all = ways(look);
    $("order").replaceChildren(...all.map((way) => option(...way)));
    $("order").value = (all.find(([value]) => value === chosen) ?? all[0])[0];
    choose(null);
    sort();
    zoom(...look.whole);
  }

  function option(value, label) {
    // Labels may be written from right to left.
    return Object.assign(document.createElement("option"), { value, textContent: label, dir: "auto" });
  }

  // Order the units, and draw them so.
  function sort() {
    order = ordered(look, $("order").value);
    draw();
    const name = (u) => [`unit ${u}`, look.keeps(u)].filter(Boolean).join(", ");
    $("unit").replaceChildren(option(-1, "mean of all units"), ...order.map((u) => option(u, name(u))));
    $("unit").value = look.unit;
    show();
  }

  function draw() {
    for (const [letter, q] of Object.entries(look.layer.numbers)) {
      // A projected short-term memory has other units than the gates.
      const own = q.count === order.length ? order : Array.from({ length: q.count }, (_, u) => u);
      const [low, high] = look.scales[letter], plain = data.gates.includes(letter) && !look.contrast;
      charts[letter].heat(q, look.row, own, low, high);
      $(`low-${letter}`).textContent = plain ? "shut 0" : decimal(low, 2);
      $(`high-${letter}`).textContent = plain ? "1 open" : decimal(high, 2);
    }
  }

  // Everything about one step. It follows the mouse, so it does nothing that takes long.
  function show() {
    const { step, unit } = look.shown, { layer, stretch } = look;
    const now = look.moment(unit, step), before = look.moment(unit, look.before(step));
    cell.show({ now: { ...now, x: look.read(step) }, before }, look.scales);
    $("where").textContent = `Step ${step}${look.named(step)}, ${unit < 0 ? "the mean of all units" : `unit ${unit}`}`;
    $("keeps").textContent = look.keeps(unit);
    $("keeps").hidden = !$("keeps").textContent;
    $("equation").replaceChildren(...(unit < 0 ? [] : equations(layer.cell, now, before)).map((text) =>
      Object.assign(document.createElement("div"), { textContent: text })));
    for (const name of look.tracks) tellTrack(look, name, step);
    for (const [letter, one] of Object.entries(now)) $(`now-${letter}`).textContent = decimal(one.value, 3);
    if (look.hover === null) {
      $("step").value = $("step-number").value = step;
      $("step").setAttribute("aria-valuetext", `step ${step} of ${look.last}`);
      if ($("all").open) tables.everyUnit(order);
    }
    for (const chart of Object.values(charts)) {
      if (chart.place.parentElement.hidden) continue;
      chart.mark("cursor", step, step);
      chart.mark("band", stretch ? stretch[0] - 0.5 : null, stretch ? stretch[1] + 0.5 : null);
      const place = unit >= 0 && chart.units && chart.name in layer.numbers ? chart.units.indexOf(unit) : -1;
      chart.mark("line", place < 0 ? null : chart.units.length - 1 - place, chart.units?.length - place);
    }
    tokens?.draw();
    tables.moment(now, unit);
  }

  // Every chart from one step to another.
  function zoom(from, to) {
    charts[data.charts[0]].model.x_range.setv({ start: from - 0.5, end: to + 0.5 });
    const { seconds } = data;
    if (seconds) Bokeh.documents[0].get_model_by_name("clock").setv({ start: (from - 0.5) * seconds, end: (to + 0.5) * seconds });
  }

  function choose(from, to) {
    look.stretch = from === null ? null : [look.inside(Math.min(from, to)), look.inside(Math.max(from, to))];
    const [first, last] = look.stretch ?? ["", ""];
    $("from").value = first;
    $("to").value = last;
    $("zoom").disabled = $("clear").disabled = !look.stretch;
    $("stretch-said").textContent = look.stretch ? `${last - first + 1} steps` : "";
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
    const numbers = look.layer.numbers[chart.name], row = chart.units?.length - 1 - Math.floor(y);
    return { step: look.inside(x), unit: numbers?.count === order.length ? chart.units[row] : undefined };
  }

  const pointing = {
    hover(chart, point) { look.hover = pointed(chart, point); later(show); },
    leave() { look.hover = null; later(show); },
    pick(chart, point) {
      const { step, unit } = pointed(chart, point);
      Object.assign(look, { step, unit: unit ?? look.unit });
      $("unit").value = look.unit;
      later(show);
    },
    brush(from, to, ended) {
      choose(from, to);
      if (ended && !["timescale", "number"].includes($("order").value)) sort();
    },
  };
  for (const chart of Object.values(charts)) chart.listen(pointing);

  const on = (id, event, act) => $(id).addEventListener(event, act);
  const pinned = (id) => () => { look.hover = null; look.step = look.inside(Number($(id).value)); later(show); };
  on("step", "input", pinned("step"));
  on("step-number", "change", pinned("step-number"));
  on("unit", "change", () => { look.unit = Number($("unit").value); later(show); });
  on("order", "change", sort);
  on("row", "change", () => open({ row: Number($("row").value) }));
  on("layer", "change", () => open({ index: Number($("layer").value) }));
  on("network", "change", () => {
    const { name } = look.layer;
    layers();
    const same = [...$("layer").options].find((one) => data.layers[one.value].name === name);
    if (same) $("layer").value = same.value;
    open({ index: Number($("layer").value) });
  });
  on("contrast", "change", () => { look.contrast = $("contrast").checked; look.scale(); draw(); later(show); });
  for (const id of ["from", "to"]) {
    on(id, "change", () => {
      if ($("from").value === "" || $("to").value === "") return;
      choose(Number($("from").value), Number($("to").value));
      sort();
    });
  }
  on("zoom", "click", () => zoom(...look.stretch));
  on("whole", "click", () => zoom(...look.whole));
  on("clear", "click", () => choose(null));
  on("all", "toggle", show);
  for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());

  // The layers of the network chosen, where there are several.
  function layers() {
    const some = data.layers.map((one, k) => [one, k]).filter(([one]) => String(one.network) === $("network").value);
    $("layer").replaceChildren(...some.map(([one, k]) => option(k, `${one.name}: ${one.cell.toUpperCase()}, ${one.units} units`)));
  }

  $("row").replaceChildren(...data.rows.map((name, k) => option(k, name)));
  const networks = [...new Set(data.layers.map((one) => one.network))];
  $("network").replaceChildren(...networks.map((k) => option(k, `network ${k}`)));
  $("network").closest("label").hidden = networks.length === 1;
  layers();
  for (const chart of Object.values(charts)) {
    for (const property of [chart.model.properties.inner_width, chart.model.x_range.properties.start, chart.model.x_range.properties.end]) {
      property.change.connect(() => later(show));
    }
  }
  open({});
  performance.mark("ready");
  document.documentElement.dataset.ready = "yes";
})();
