// Makes the grid of ranks a way to them: a click opens the rank of a cell, arrow keys move to it, Enter opens it.
const here = new Map(); // the place of each grid's cell, as the page may be changed around it

function told(grid, at) {
  const { letters, first, words, noun } = grid.dataset;
  return `${noun} ${Number(first) + at}: ${JSON.parse(words)[letters[at]]}`;
}

function show(grid, at) {
  const most = grid.dataset.letters.length - 1;
  const place = Math.min(Math.max(at, 0), most);
  const columns = Number(grid.dataset.columns);
  here.set(grid.id, place);
  const cell = grid.querySelector(".here");
  cell.setAttribute("x", place % columns);
  cell.setAttribute("y", Math.floor(place / columns));
  cell.classList.add("set");
  grid.setAttribute("aria-valuenow", Number(grid.dataset.first) + place);
  grid.setAttribute("aria-valuetext", told(grid, place));
  document.getElementById(`${grid.id}-told`).textContent = told(grid, place);
}

function open(grid, at) {
  const place = Number(grid.dataset.first) + at;
  const { address, query } = grid.dataset;
  const asked = query.endsWith("at=") ? `?${query}${place}` : query ? `?${query.replace(/&$/, "")}` : "";
  location.assign(`${address}${place}${asked}`);
}

function cellAt(grid, event) {
  const box = grid.querySelector("svg").getBoundingClientRect();
  const columns = Number(grid.dataset.columns);
  const side = box.width / columns;
  const column = Math.min(columns - 1, Math.max(0, Math.floor((event.clientX - box.left) / side)));
  const at = Math.floor((event.clientY - box.top) / side) * columns + column;
  return at >= 0 && at < grid.dataset.letters.length ? at : null;
}

function step(key, columns, most) {
  return { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -10 * columns, PageDown: 10 * columns, Home: -most, End: most }[key];
}

document.addEventListener("click", (event) => {
  const grid = event.target.closest?.(".grid");
  const at = grid && cellAt(grid, event);
  if (at !== null && at !== undefined) open(grid, at);
});

document.addEventListener("pointermove", (event) => {
  const grid = event.target.closest?.(".grid");
  const at = grid && cellAt(grid, event);
  if (at !== null && at !== undefined && at !== here.get(grid.id)) show(grid, at);
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.(".grid")) show(event.target, here.get(event.target.id) ?? 0);
});

document.addEventListener("keydown", (event) => {
  const grid = event.target.closest?.(".grid");
  if (!grid || event.altKey || event.ctrlKey || event.metaKey) return;
  const at = here.get(grid.id) ?? 0;
  const by = step(event.key, Number(grid.dataset.columns), grid.dataset.letters.length);
  if (by !== undefined) show(grid, at + by);
  else if (event.key === "Enter") open(grid, at);
  else return;
  event.preventDefault();
});

document.addEventListener("lanes:changed", () => {
  for (const grid of document.querySelectorAll(".grid")) if (here.has(grid.id)) show(grid, here.get(grid.id));
});
