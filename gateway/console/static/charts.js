// Draws a bar chart from the table of the same name: first column against second, or against `data-column`. The table stays.
for (const box of document.querySelectorAll("[data-chart]")) {
  const rows = [...document.querySelectorAll(`#${box.dataset.chart} tbody tr`)].slice(0, 20).reverse();
  if (!rows.length || !window.echarts) continue;
  box.style.height = `${60 + 26 * rows.length}px`;
  const chart = echarts.init(box);
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 40, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value" },
    yAxis: { type: "category", data: rows.map((row) => row.cells[0].innerText.trim()) },
    series: [{ type: "bar", data: rows.map((row) => Number(row.cells[Number(box.dataset.column || 1)].innerText)), itemStyle: { color: "#1f5fa8" }, label: { show: true, position: "right" } }],
  });
  addEventListener("resize", () => chart.resize());
}
