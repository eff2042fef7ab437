// The editor of a programme: its items can be dragged; every change comes back from the server with what is heard of it.
// See _programme_editor.html.

const form = document.querySelector("[data-programme]");
let dragged = null;

const itemOf = (event) => event.target.closest?.("[data-programme-item]");
function ready() {
  for (const item of form.querySelectorAll("[data-programme-item]")) item.draggable = true;
}

form.addEventListener("dragstart", (event) => {
  dragged = itemOf(event);
  if (!dragged) return;
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
});
// In a field the mouse marks text; there it drags no item.
form.addEventListener("pointerdown", (event) => {
  const item = itemOf(event);
  if (item) item.draggable = !event.target.closest("input");
});
form.addEventListener("dragover", (event) => {
  const item = itemOf(event);
  if (!dragged || !item) return;
  event.preventDefault();
  const box = item.getBoundingClientRect();
  if (event.clientY > box.top + box.height / 2) item.after(dragged);
  else item.before(dragged);
});
form.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  form.querySelector("[data-programme-find]").click();
});

// What is typed is looked for by itself, and Enter in the search does not keep the programme.
let waiting = 0;
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  event.preventDefault();
  if (event.target.matches("[data-programme-search]")) form.querySelector("[data-programme-find]").click();
});
form.addEventListener("input", (event) => {
  if (!event.target.matches("[data-programme-search]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => form.querySelector("[data-programme-find]").click(), 400);
});

// The place of the hand stays where it was: in the search, or on the button of the item that was moved. What was typed
// while an answer was on its way is put back into it: the answer knows only what the form said when it was asked.
const fields = () => {
  const seen = {};
  return [...form.querySelectorAll("input:not([type=hidden]),select")].filter((field) => field.name).map((field) => {
    seen[field.name] = (seen[field.name] ?? -1) + 1;
    return { field, key: `${field.name} ${seen[field.name]}`, value: field.value };
  });
};
let focused = null;
let asked = new Map();
let typed = new Map();
document.addEventListener("htmx:beforeRequest", () => {
  asked = new Map(fields().map(({ key, value }) => [key, value]));
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const at = document.activeElement;
  focused = at?.id ? { id: at.id, from: at.selectionStart } : null;
  const reordered = /^(up|down|remove):/.test(event.detail.requestConfig?.elt?.value ?? "");
  typed = new Map(reordered ? [] : fields().filter(({ key, value }) => asked.has(key) && asked.get(key) !== value).map(({ key, value }) => [key, value]));
});
document.addEventListener("htmx:afterSettle", () => {
  ready();
  for (const { field, key } of fields()) if (typed.has(key)) field.value = typed.get(key);
  typed = new Map();
  if (form.querySelector("[autofocus]")) form.querySelector("[autofocus]").focus();
  else if (focused?.id === "q") {
    const search = document.getElementById("q");
    search.focus();
    search.setSelectionRange(focused.from, focused.from);
  }
});
ready();
