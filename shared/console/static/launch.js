// Goes to the page of the run when it has started.
function go() {
  const to = document.getElementById("launch")?.dataset.goes;
  if (to) location.replace(to);
}

document.addEventListener("lanes:changed", go);
go();
