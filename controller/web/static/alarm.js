// The consoles and boards of emergencies: areas with how many are ready, deeds that must be held, time that runs.

import { fill, length, number } from "./words.js";

// --- areas: what is chosen holds below; how many of all chosen are ready -------------------------------------------------

function showTree(tree) {
  const rows = [...tree.querySelectorAll("[data-area-row]")];
  const boxOf = (row) => row.querySelector("input[type=checkbox]");
  const chosen = new Set(rows.filter((row) => boxOf(row).checked && !boxOf(row).dataset.covered).map((row) => row.dataset.areaRow));
  const sum = { ready: 0, total: 0, why: new Map() };
  for (const row of rows) {
    const box = boxOf(row);
    const covered = row.dataset.path.split(" ").some((one) => chosen.has(one));
    if (covered !== Boolean(box.dataset.covered)) {
      // What lies within a chosen area is heard there too, and is not named a second time.
      box.dataset.covered = covered ? "yes" : "";
      box.checked = covered;
      box.disabled = covered;
    }
    if (covered || !box.checked) continue;
    const { ready, speakers, lacking } = row.querySelector("[data-ready]").dataset;
    sum.ready += Number(ready);
    sum.total += Number(speakers);
    for (const one of lacking ? lacking.split(" ") : []) {
      const [why, count] = one.split(":");
      sum.why.set(why, (sum.why.get(why) ?? 0) + Number(count));
    }
  }
  for (const one of tree.querySelectorAll("[name=speakers]:checked")) {
    sum.total += 1;
    sum.ready += one.closest(".tree-row").querySelector("[data-one-ready]").dataset.oneReady === "yes" ? 1 : 0;
  }
  for (const place of (tree.closest("form") ?? document).querySelectorAll("[data-readiness]")) {
    const words = sum.total ? fill(place.dataset.some, { ready: number(sum.ready), total: number(sum.total) }) : place.dataset.none;
    const shown = place.querySelector("[data-readiness-words]");
    if (shown.textContent !== words) shown.textContent = words;
    showLacking(place.nextElementSibling, sum.why);
  }
}
// Beside how many are ready, why the others are not.
function showLacking(list, why) {
  if (!list?.matches("[data-lacking-list]")) return;
  list.replaceChildren(
    ...[...why].filter(([code]) => list.getAttribute(`data-${code}`)).map(([code, count]) => {
      const item = document.createElement("li");
      item.textContent = fill(list.getAttribute(`data-${code}`), { n: number(count) });
      return item;
    }),
  );
  list.hidden = !list.childElementCount;
}
const showTrees = () => document.querySelectorAll("[data-tree]").forEach(showTree);
document.addEventListener("change", (event) => {
  const tree = event.target.closest?.("[data-tree]");
  if (tree) showTree(tree);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const button = event.target.closest?.("[data-once]");
  if (button && event.detail.successful) button.remove();
});

// --- a deed that nobody does by mistake: hold down until the bar is full -------------------------------------------------

let holding = null;
let swapping = false; // what is taken off the page loses the focus, too
function letGo() {
  if (!holding) return;
  clearTimeout(holding.timer);
  delete holding.button.dataset.held;
  holding = null;
}
// What must be written first; the button says so, for a bubble of the browser goes as soon as the press takes the focus.
const empty = (button) => [...button.closest("form").querySelectorAll("[required]")].find((field) => !field.value.trim());
function refuse(button) {
  const field = empty(button);
  const place = button.closest("form").querySelector("[data-hold-missing]");
  const words = document.createElement("p");
  words.className = "field-error";
  words.textContent = place?.dataset.holdMissing ?? "";
  place?.replaceChildren(words);
  field.setAttribute("aria-invalid", "true");
  field.focus();
  field.addEventListener("input", () => {
    field.removeAttribute("aria-invalid");
    place?.replaceChildren();
  }, { once: true });
}
function hold(button) {
  if (holding) return;
  if (empty(button)) {
    refuse(button);
    return;
  }
  button.dataset.held = "yes";
  holding = { button, timer: setTimeout(finish, Number(button.dataset.hold)) };
}
function finish() {
  const button = holding.button;
  const form = button.closest("form");
  form.querySelector("[data-held-field]").value = button.dataset.holdValue;
  letGo();
  button.disabled = true;
  form.submit();
}
document.addEventListener("pointerdown", (event) => {
  const button = event.target.closest?.("[data-hold]");
  if (button && event.isPrimary && event.button === 0) hold(button);
});
document.addEventListener("mousedown", (event) => {
  const button = event.target.closest?.("[data-hold]");
  if (button && empty(button)) event.preventDefault(); // the focus stays in the field
});
for (const kind of ["pointerup", "pointercancel", "contextmenu"]) document.addEventListener(kind, letGo, true);
// The press itself takes the focus from the field that was written last: only the button's own loss of it lets go.
document.addEventListener("blur", (event) => !swapping && holding?.button === event.target && letGo(), true);
window.addEventListener("blur", letGo);
document.addEventListener("pointermove", (event) => {
  if (!holding) return;
  const box = holding.button.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) letGo();
});
document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("[data-hold]");
  if (!button || (event.key !== " " && event.key !== "Enter")) return;
  event.preventDefault();
  if (!event.repeat) hold(button);
});
document.addEventListener("keyup", letGo);

// --- the part around it is fetched again meanwhile: what is held stays held, and what is typed stays typed ---------------

let typed = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  swapping = event.detail.shouldSwap;
  const fields = event.detail.target.querySelectorAll("#emergency input:not([type=hidden]), #emergency textarea");
  typed = [...fields].filter((one) => one.id).map((one) => [one.id, one.value, one === document.activeElement]);
});
document.addEventListener("htmx:afterSwap", () => {
  swapping = false;
  for (const [id, value, focused] of typed) {
    const field = document.getElementById(id);
    if (field && !field.value) field.value = value;
    if (focused) field?.focus();
  }
  typed = [];
  if (!holding || holding.button.isConnected) return;
  const value = holding.button.dataset.holdValue;
  const again = [...document.querySelectorAll("[data-hold]")].find((one) => one.dataset.holdValue === value);
  if (!again) {
    letGo();
    return;
  }
  again.hidden = false;
  again.dataset.held = "yes";
  holding.button = again;
});

// --- the first button of a console picks a template: enter in a field must not press it ----------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("[data-console] input:not([type=checkbox])")) event.preventDefault();
});

// --- what only scripts can do shows where there are some; how long it has lasted ----------------------------------------

function reveal() {
  for (const one of document.querySelectorAll("[data-hold][hidden], [data-hold-words][hidden]")) one.hidden = false;
}
const body = document.body;
const skewMs = Date.parse(body.dataset.now) - Date.now();
function tick() {
  for (const time of document.querySelectorAll("[data-elapsed]")) {
    time.textContent = length(Math.max(0, (Date.now() + skewMs - Date.parse(time.dateTime)) / 1000));
  }
}
function refresh() {
  reveal();
  showTrees();
  tick();
}
setInterval(tick, 1000);
for (const kind of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(kind, refresh);
refresh();
