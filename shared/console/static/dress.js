// Adds to a page, or to one that has just come, what only the reader's own machine knows or needs.
const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

// The local time, on hover.
function times(page) {
  for (const time of page.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.title = `here: ${LOCAL.format(at)}`;
  }
}

// On a narrow screen a row becomes a block, each cell beside its column's name: only where each cell has one column.
function tables(page) {
  for (const table of page.querySelectorAll(".scroll > table:not(.folds)")) {
    const names = [...(table.tHead?.rows[0]?.cells ?? [])];
    const rows = [...table.tBodies].flatMap((part) => [...part.rows]);
    if (table.tHead?.rows.length !== 1 || rows.some((row) => row.cells.length !== names.length)) continue;
    table.classList.add("folds");
    const words = names.map((name) => name.textContent.trim());
    for (const row of rows) {
      words.forEach((word, column) => word && row.cells[column].setAttribute("data-label", word));
    }
  }
}

export function dress(page) {
  times(page);
  tables(page);
}
