// What is looked at: a layer, a row, a step, a unit, a stretch of time; and the numbers there.
class Looking {
  constructor(data) {
    this.data = data;
    this.stride = data.stride ?? 1;
    for (const track of [data.inputs, data.answers]) if (track) track.numbers = new Numbers(track);
    for (const layer of data.layers) {
      layer.numbers = Object.fromEntries(Object.entries(layer.parts).map(([letter, q]) => [letter, new Numbers(q, this.stride)]));
    }
    // unit -1 is the mean of all; hover is what the mouse is over, until it leaves.
    Object.assign(this, { row: 0, index: 0, step: 0, unit: -1, stretch: null, hover: null, contrast: false });
    const [layer] = data.layers;
    this.unit = layer.timescale ? falling(layer.timescale)[0] : 0;
    this.step = Math.round((this.stride * layer.steps - 1) / 2);
  }

  // Another layer or another row: what does not fit any more is left.
  open(choice) {
    Object.assign(this, choice, { stretch: null, hover: null });
    this.unit = Math.min(this.unit, this.layer.units - 1);
    this.step = this.inside(this.step);
    this.scale();
  }

  // The lowest and the highest number of each heatmap's colours.
  scale() {
    this.scales = Object.fromEntries(Object.entries(this.layer.numbers).map(([letter, q]) => {
      const most = q.largest[this.row];
      return [letter, !this.data.gates.includes(letter) ? [-most, most] : this.contrast ? q.range(this.row) : [0, 1]];
    }));
  }

  get layer() { return this.data.layers[this.index]; }

  get memory() { return this.layer.numbers.c ?? this.layer.numbers.h; }

  get first() { return this.memory.first; }

  get last() {
    return (this.data.said || this.tracks.includes("inputs") ? this.data.steps[this.row] : this.layer.steps) - 1;
  }

  get whole() { return [this.first, this.last]; }

  // Inputs and answers that lie on this layer's time axis: those of a decoder come after the last input.
  get tracks() {
    const { steps, ahead } = this.layer, { data, stride } = this;
    const fits = (one) => one && Math.ceil(one.steps / stride) === steps && one.ahead === ahead;
    return ["inputs", "answers"].filter((name) => fits(data[name]));
  }

  // A step as a person reads it: the token there, or the time.
  named(step) {
    const { words, seconds } = this.data;
    if (words) return ` “${words[this.row][step]}”`;
    return seconds ? ` (${(step * seconds).toFixed(2)} s)` : "";
  }

  // The step beside one, of the layer's own.
  before(step) {
    return (Math.floor(step / this.stride) + (this.layer.reverse ? 1 : -1)) * this.stride;
  }

  inside(step) { return Math.min(Math.max(Math.round(step), this.first), this.last); }

  // The step and the unit that are shown: where the mouse is, or those that were chosen.
  get shown() { return { step: this.hover?.step ?? this.step, unit: this.hover?.unit ?? this.unit }; }

  // What a quantity is at a step, of one unit or of all, and how it is written.
  value(numbers, unit, step) {
    if (unit >= 0 && numbers.count > unit) {
      const found = numbers.at(this.row, unit, step);
      return { value: found, text: numbers.said(found, unit) };
    }
    let total = 0;
    for (let u = 0; u < numbers.count; u++) total += numbers.at(this.row, u, step);
    return { value: total / numbers.count, text: decimal(total / numbers.count) };
  }

  // Every quantity of the layer at a step.
  moment(unit, step) {
    return Object.fromEntries(Object.entries(this.layer.numbers).map(([letter, q]) => [letter, this.value(q, unit, step)]));
  }

  // What the layer read at a step: a number where there is one input.
  read(step) {
    const { inputs } = this.data;
    if (this.layer.depth > 0) return { value: NaN, text: "layer below" };
    if (this.data.words) return { value: NaN, text: brief(this.data.words[this.row][step]) };
    if (!this.tracks.includes("inputs")) return undefined;
    return inputs.names.length === 1 ? this.value(inputs.numbers, 0, step) : { value: NaN, text: `${inputs.names.length} numbers` };
  }

  // The numbers of an answer about the end, where no chart shows them.
  get answer() {
    const { answers } = this.data;
    if (!answers?.ahead || this.tracks.includes("answers")) return "";
    const { numbers } = answers, some = Array.from({ length: Math.min(numbers.length, 24) }, (_, k) => decimal(numbers.at(this.row, 0, numbers.first + k), 3));
    return some.join(", ") + (numbers.length > some.length ? ", …" : "");
  }

  keeps(unit) {
    const steps = this.layer.timescale?.[unit];
    if (steps === undefined) return "";
    if (steps > 1e6) return "never forgets";
    return `keeps for ${steps < 10 ? steps.toFixed(1) : Math.round(steps).toLocaleString("en")} steps`;
  }
}

// A token that the diagram has room for.
function brief(token) {
  const letters = [...(token ?? "–")];
  return letters.length > 10 ? letters.slice(0, 9).join("") + "…" : letters.join("");
}
