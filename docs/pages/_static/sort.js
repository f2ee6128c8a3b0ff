// SPDX-License-Identifier: Apache-2.0
// A click on the head of a sortable table's column sorts by it: as numbers where they are, dashes last.
document.addEventListener("DOMContentLoaded", () => {
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim().replace("−", "-").replace("∞", "Infinity");
    return text === "–" ? NaN : Number.isNaN(parseFloat(text)) ? text : parseFloat(text);
  };
  const compare = (a, b) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  };
  for (const table of document.querySelectorAll(".sortable table")) {
    table.querySelectorAll("thead th").forEach((head, column, heads) => {
      head.addEventListener("click", () => {
        const order = head.dataset.order === "1" ? -1 : 1;
        heads.forEach((other) => delete other.dataset.order);
        head.dataset.order = order;
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => order * compare(key(a, column), key(b, column)));
        table.tBodies[0].append(...rows);
      });
    });
  }
});
