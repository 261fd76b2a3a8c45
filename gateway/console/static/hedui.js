// What a page does besides htmx: the way back, and the keyboard. Everything works without it.
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
  } else if (rows.length && (event.key === "j" || event.key === "k")) {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    (next.querySelector("a, button, input") || next).focus();
  } else if (at >= 0 && event.key === "x") {
    rows[at].querySelector("input[type=checkbox]")?.click();
  }
});
