// What a term means, when it is pointed at or reached with the keyboard; Escape sends it away.
{
  const tip = document.getElementById("term");
  const meanings = JSON.parse(document.getElementById("terms").textContent);
  let shown = null;

  const hide = () => {
    shown?.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  };

  const show = (event) => {
    const term = event.target.closest?.("[data-term]");
    if (event.target.closest?.("#term")) return;
    if (!term) { if (event.type !== "focusin") hide(); return; }
    if (term === shown) return;
    hide();
    shown = term;
    tip.textContent = meanings[term.dataset.term];
    tip.hidden = false;
    term.setAttribute("aria-describedby", "term");
    const at = term.getBoundingClientRect(), own = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), document.documentElement.clientWidth - own.width - 8);
    const below = at.bottom + 6 + own.height < innerHeight;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(below ? at.bottom + 6 : at.top - own.height - 6) + scrollY}px`;
  };

  document.addEventListener("mouseover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("click", show);
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
}
