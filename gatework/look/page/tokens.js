// Tokens along the time axis, each at its step: as many as there is room for, upright where they are long.
class Tokens {
  constructor(look, chart) {
    Object.assign(this, { look, chart });
    chart.part("picture").visible = false;
    this.box = chart.place.appendChild(document.createElement("div"));
    this.box.className = "tokens";
  }

  // Those of the steps that are shown; every second, third, ... where they would cover each other.
  draw() {
    const { look, chart } = this, frame = chart.view.frame.bbox, { x_scale } = chart.view.frame;
    const words = look.data.words[look.row], { start, end } = chart.model.x_range;
    const [from, to] = [Math.max(Math.ceil(start), look.first), Math.min(Math.floor(end), look.last)];
    const room = frame.width / Math.max(end - start, 1), short = words.every((word) => 8 * [...word].length < Math.max(room, 16));
    const every = Math.max(1, Math.ceil((short ? 10 : 15) / room));
    const key = [look.row, from, to, frame.left, frame.width].join();
    if (key === this.key || frame.width <= 0) return;
    this.key = key;
    Object.assign(this.box.style, { left: `${frame.left}px`, width: `${frame.width}px`, top: `${frame.top}px`, height: `${frame.height}px` });
    this.box.classList.toggle("short", short);
    this.box.replaceChildren(...Array.from({ length: Math.max(0, Math.floor((to - from) / every) + 1) }, (_, k) => {
      const token = document.createElement("bdi"), step = from + k * every;
      token.textContent = words[step];
      token.style.left = `${x_scale.compute(step) - frame.left}px`;
      return token;
    }));
    document.getElementById("note-inputs").textContent = every > 1 ? `one in ${every} is written; zoom in for all` : "";
  }
}
