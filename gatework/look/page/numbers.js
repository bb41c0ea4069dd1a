// Packed numbers, as pack.py made them: (data + base) / 10**decimals, with 65535 for what is not there.
class Numbers {
  // Where a step of it stands for several of the data, it is read at the pace of these.
  constructor(packed, stride = 1) {
    [this.rows, this.count, this.own] = packed.shape;
    this.stride = stride;
    this.length = this.own * stride;
    this.first = packed.first * stride;
    this.steps = packed.steps * stride;
    this.decimals = packed.decimals;
    this.base = packed.base;
    this.packed = packed.data;
    // By row; heatmaps make their scale of it.
    this.largest = packed.largest.map((size) => size || 1);
  }

  // Unpacked when they are first looked at: a page opens at once, however many layers it has.
  get data() {
    const bytes = Uint8Array.fromBase64?.(this.packed) ?? letters(atob(this.packed));
    Object.defineProperty(this, "data", { value: new Uint16Array(bytes.buffer) });
    this.packed = null;
    return this.data;
  }

  at(row, unit, step) {
    if (step < this.first || step >= this.steps) return NaN;
    const whole = this.data[(row * this.count + unit) * this.own + Math.floor((step - this.first) / this.stride)];
    return whole === 65535 ? NaN : (whole + this.base[unit]) / 10 ** this.decimals[unit];
  }

  // As many decimals as were kept; of very small numbers as many digits.
  said(value, unit) {
    const kept = this.decimals[unit];
    if (kept <= 8 || !value) return decimal(value, Math.max(0, Math.min(kept, 8)));
    const digits = Math.min(Math.max(kept + Math.floor(Math.log10(Math.abs(value))), 0), 3);
    return (value < 0 ? "−" : "") + Math.abs(value).toExponential(digits);
  }

  // All steps of one unit.
  series(row, unit) {
    const found = new Float32Array(this.length);
    const start = (row * this.count + unit) * this.own;
    const scale = 10 ** this.decimals[unit];
    const base = this.base[unit];
    for (let k = 0; k < this.length; k++) {
      const whole = this.data[start + Math.floor(k / this.stride)];
      found[k] = whole === 65535 ? NaN : (whole + base) / scale;
    }
    return found;
  }

  // The lowest and the highest number of a row.
  range(row) {
    let low = Infinity, high = -Infinity;
    for (let unit = 0; unit < this.count; unit++) {
      const [least, most] = spread(this.series(row, unit));
      low = Math.min(low, least);
      high = Math.max(high, most);
    }
    return high > low ? [low, high] : [low - 1, low + 1];
  }

  // The mean of one unit, or of all where none is named, over steps from..to, those that are there.
  mean(row, unit, from, to) {
    let total = 0, count = 0;
    for (let u = unit ?? 0; u <= (unit ?? this.count - 1); u++) {
      for (let step = from; step <= to; step++) {
        const value = this.at(row, u, step);
        if (!Number.isNaN(value)) { total += value; count += 1; }
      }
    }
    return total / count;
  }
}

// The bytes of a text, for browsers that cannot read base64 by themselves.
function letters(text) {
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return bytes;
}

// A number with a true minus sign, and a dash for none.
function decimal(value, digits = 4) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size >= 1e6 || (size > 0 && size < 10 ** -digits) ? size.toPrecision(4) : size.toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text;
}
