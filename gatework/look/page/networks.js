// Networks that answer together: one of them at a time, or all of them folded into one.
{
  const choice = document.getElementById("gradients-network");
  const show = () => {
    for (const row of document.querySelectorAll("#gradients [data-network]")) row.hidden = row.dataset.network !== choice.value;
    for (const chart of Bokeh.documents.flatMap((one) => one.roots())) {
      for (const curve of chart.renderers) if (curve.tags[0] !== undefined) curve.visible = curve.tags[0] === choice.value;
    }
  };
  choice?.addEventListener("change", show);
}
