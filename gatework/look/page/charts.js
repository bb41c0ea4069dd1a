// Bokeh's charts as the page uses them: filled with numbers, and marked with the step, the unit and the stretch.
class Chart {
  constructor(name, model, view, place) {
    Object.assign(this, { name, model, view, place });
    this.marks = {};
    for (const mark of ["band", "line", "cursor"]) {
      this.marks[mark] = place.appendChild(document.createElement("div"));
      this.marks[mark].className = `mark ${mark}`;
      this.marks[mark].hidden = true;
    }
  }

  // Tell of what the mouse does, or a finger, in steps and units. A drag is a brush however long it hesitates, which
  // Bokeh's own would take for a press.
  listen({ hover, leave, pick, brush }) {
    let pressed = null, dragged = false;
    const here = (event) => {
      const box = this.view.el.getBoundingClientRect(), { bbox, x_scale, y_scale } = this.view.frame;
      const sx = event.clientX - box.left, sy = event.clientY - box.top;
      const inside = sx >= bbox.left && sx <= bbox.right && sy >= bbox.top && sy <= bbox.bottom;
      return { sx, x: x_scale.invert(Math.min(Math.max(sx, bbox.left), bbox.right)), y: y_scale.invert(sy), inside };
    };
    this.place.addEventListener("pointerdown", (event) => {
      const point = here(event);
      if (event.button !== 0 || !point.inside) return;
      pressed = point;
      dragged = false;
      this.place.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.place.addEventListener("pointermove", (event) => {
      const point = here(event);
      dragged ||= pressed !== null && Math.abs(point.sx - pressed.sx) > 4;
      if (pressed && dragged) brush(pressed.x, point.x, false);
      if (point.inside) hover(this, point);
      else leave();
    });
    this.place.addEventListener("pointerup", (event) => {
      if (!pressed) return;
      if (dragged) brush(pressed.x, here(event).x, true);
      else pick(this, pressed);
      pressed = null;
    });
    this.place.addEventListener("pointercancel", () => { pressed = null; });
    this.place.addEventListener("pointerleave", leave);
    // A finger that moves up or down scrolls the page.
    this.view.canvas_view.events_el.style.touchAction = "pan-y";
  }

  part(name) {
    return this.model.renderers.find((one) => one.name === `${this.name} ${name}`);
  }

  // Units from the top down, in the order given; colours from lowest to highest.
  heat(numbers, row, order, lowest, highest) {
    const height = order.length, width = numbers.length;
    const picture = this.part("picture");
    const Grid = picture.data_source.data.image[0].constructor;
    const values = new Float32Array(height * width);
    order.forEach((unit, k) => values.set(numbers.series(row, unit), (height - 1 - k) * width));
    picture.glyph.color_mapper.setv({ low: lowest, high: highest });
    const image = [new Grid(values.buffer, [height, width])];
    picture.data_source.data = { image, x: [numbers.first - 0.5], y: [0], dw: [width], dh: [height] };
    this.model.y_range.setv({ start: 0, end: height });
    this.units = order;
  }

  // Lines, one a series; no picture.
  lines(numbers, row, looks, together) {
    const steps = Array.from({ length: numbers.length }, (_, k) => numbers.first + k);
    const series = looks.map((_, k) => numbers.series(row, k));
    const ranges = series.map((values) => spread(values));
    const all = [Math.min(...ranges.map((r) => r[0])), Math.max(...ranges.map((r) => r[1]))];
    const ys = series.map((values, k) => {
      if (together) return Array.from(values);
      const [low, high] = ranges[k];
      return Array.from(values, (v) => (high > low ? (v - low) / (high - low) : 0.5 + 0 * v));
    });
    const [low, high] = together ? all : [0, 1];
    const room = (high - low || 1) * 0.06;
    this.part("picture").data_source.data = { image: [], x: [], y: [], dw: [], dh: [] };
    this.part("lines").data_source.data = {
      xs: looks.map(() => steps), ys, color: looks.map((l) => l.color), dash: looks.map((l) => l.dash),
    };
    this.model.y_range.setv({ start: low - room, end: high + room });
    this.model.left[0].visible = together;
    this.units = null;
  }

  // A mark over the chart: from one place to another of the time axis, or at a height.
  mark(name, from, to) {
    const { style } = this.marks[name], frame = this.view.frame.bbox;
    const shown = from !== null && frame.width > 0;
    this.marks[name].hidden = !shown;
    if (!shown) return;
    if (name === "line") {
      const y = this.view.frame.y_scale.compute(from), end = this.view.frame.y_scale.compute(to);
      Object.assign(style, { left: `${frame.left}px`, width: `${frame.width}px`, top: `${end}px`, height: `${Math.max(y - end, 2)}px` });
      return;
    }
    const clip = (x) => Math.min(Math.max(this.view.frame.x_scale.compute(x), frame.left), frame.right);
    const left = clip(from), right = clip(to);
    // Where a part of the time is shown, a mark may lie outside of it.
    this.marks[name].hidden = to < this.model.x_range.start || from > this.model.x_range.end;
    Object.assign(style, { left: `${left}px`, width: `${Math.max(right - left, 1)}px`, top: `${frame.top}px`, height: `${frame.height}px` });
  }
}

// Bokeh draws when it can; the rest waits for it.
async function charted(names) {
  while (!Bokeh.documents.length || !Bokeh.documents[0].is_idle) await new Promise((go) => setTimeout(go, 10));
  const found = {};
  for (const name of names) {
    const model = Bokeh.documents[0].get_model_by_name(name);
    found[name] = new Chart(name, model, Bokeh.index.find_one(model), document.getElementById(`chart-${name}`));
  }
  return found;
}
