// Makes an element of this page like a fresh one, and touches nothing that is the same: so focus, scrolling, selected
// text and what is being typed stay. An element is known by its id, a row also by the first id within it, and any other
// by its place among its neighbours: a table that was known by its first row would go when another row comes on top.
const ROWS = new Set(["TR", "LI"]);
const PERSONS = new Set(["open"]); // of <details>: who looks has opened it, or closed it

function key(node) {
  return node.id || (ROWS.has(node.nodeName) ? node.querySelector("[id]")?.id : undefined);
}

function alike(old, fresh) {
  return old.nodeName === fresh.nodeName && old.namespaceURI === fresh.namespaceURI;
}

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !PERSONS.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !PERSONS.has(name)) old.setAttribute(name, value);
  }
}

function text(old, fresh) {
  if (old.data === fresh.data) return;
  if (fresh.data.startsWith(old.data)) old.appendData(fresh.data.slice(old.data.length)); // what is selected stays so
  else old.data = fresh.data;
}

function children(old, fresh) {
  const wanted = new Set([...fresh.children].map(key));
  const known = new Map();
  for (const child of [...old.children]) {
    const name = key(child);
    if (!name) continue;
    if (wanted.has(name)) known.set(name, child);
    else child.remove();
  }
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const name = key(next);
    const same = name ? known.get(name) : at && !key(at) ? at : undefined;
    if (!same || !alike(same, next)) {
      old.insertBefore(next, at); // adopts it
      continue;
    }
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    morph(same, next);
  }
  while (at) {
    const rest = at.nextSibling;
    at.remove();
    at = rest;
  }
}

export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    text(old, fresh);
    return;
  }
  attributes(old, fresh);
  children(old, fresh);
}
