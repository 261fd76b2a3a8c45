// What a page does besides htmx: the way back, the keyboard, and wide tables on narrow screens. Everything works without it.

// Each cell of a wide table knows its column, so that a row can be read as a list; it stays a table to a screen reader.
const WIDE = 4;
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
function label(within) {
  for (const table of within.querySelectorAll("table:not(.stacks)")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    if (heads.length < WIDE) continue;
    table.classList.add("stacks");
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td")]) part.setAttribute("role", ROLES[part.tagName]);
    for (const head of table.querySelectorAll("th")) head.setAttribute("role", head.closest("thead") ? "columnheader" : "rowheader");
    for (const row of table.tBodies[0]?.rows ?? [])
      for (const cell of row.cells) if (heads[cell.cellIndex]) cell.dataset.label = heads[cell.cellIndex];
  }
}
label(document);
// Rows that a filter brought are labelled as well, and a screen reader is told how many there are.
document.addEventListener("htmx:after:swap", () => {
  label(document);
  const told = document.querySelector("[data-told]");
  if (told) told.textContent = document.querySelector("main caption, main .alert")?.textContent ?? "";
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]") && history.length > 1) {
    event.preventDefault();
    history.back();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.indexOf(document.activeElement.closest("[data-row]"));
  if (event.key === "/") {
    const box = document.querySelector("[data-search], #asked");
    if (box) { event.preventDefault(); box.focus(); }
  } else if (event.key === "n") {
    document.querySelector("[data-next]")?.click();
  } else if (rows.length && (event.key === "j" || event.key === "k")) {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    (next.querySelector("a, button, input") || next).focus();
  } else if (at >= 0 && event.key === "x") {
    rows[at].querySelector("input[type=checkbox]")?.click();
  }
});
// Who leaves a form half written is asked first: our pages are kept nowhere, so that the way back finds it empty.
let unsent = false;
addEventListener("input", (event) => { unsent ||= Boolean(event.target.closest("form[method=post]")); });
// Pressed twice, a form is sent once: a second request to a department would have a clock of its own.
let sent = -Infinity;
addEventListener("submit", (event) => {
  unsent = false;
  if (event.target.method !== "post") return;
  if (event.timeStamp - sent < 1000) event.preventDefault();
  sent = event.timeStamp;
});
addEventListener("beforeunload", (event) => { if (unsent) event.preventDefault(); });
