// The form of a schedule: an area that is chosen has in it what lies below; what is searched is looked for by itself.
// See _schedule_form.html.

const form = document.querySelector("[data-schedule]");
let waiting = 0;

// What lies in a chosen area is heard with it: shown as chosen, and not to be chosen once more.
function showWithin() {
  const boxes = [...form.querySelectorAll("[data-plan-where] [data-area]")];
  const chosen = new Set(boxes.filter((box) => box.checked && !box.dataset.included).map((box) => box.dataset.area));
  for (const box of boxes) {
    const included = box.dataset.within.split(" ").some((area) => chosen.has(area));
    if (included && !box.dataset.included) {
      box.dataset.included = box.checked ? "chosen" : "not";
      box.checked = true;
    } else if (!included && box.dataset.included) {
      box.checked = box.dataset.included === "chosen";
      delete box.dataset.included;
    }
    box.disabled = included;
  }
}

form.addEventListener("input", (event) => {
  if (event.target.matches("[data-area]")) showWithin();
  if (!event.target.matches("[data-plan-search]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => form.querySelector("[data-plan-find]").click(), 500);
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  event.preventDefault();
  if (event.target.matches("[data-plan-search]")) form.querySelector("[data-plan-find]").click();
});

// The place of the hand stays where it was when the fields come back.
let focused = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const at = document.activeElement;
  focused = event.detail.target.id === "fields" && at?.id ? { id: at.id, from: at.selectionStart } : null;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "fields") return;
  showWithin();
  const asked = form.querySelector("[autofocus]");
  if (asked) asked.focus();
  else if (focused?.id === "q") {
    const search = document.getElementById("q");
    search.focus();
    search.setSelectionRange(focused.from, focused.from);
  }
  // What the buttons changed is planned otherwise.
  form.dispatchEvent(new Event("change", { bubbles: true }));
});
showWithin();

// Whoever comes back to the form finds what they typed, also what the browser does not keep: further times, what was
// searched. The server fills it in.
const KEPT = `schedule ${location.pathname}${location.search}`;
function keep() {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token" && name !== "do");
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(fields));
  } catch {
    // Without a place to keep it, it is typed again.
  }
}
for (const kind of ["input", "change"]) form.addEventListener(kind, keep);

function bringBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (!kept) return;
  const values = {};
  for (const [name, value] of kept) (values[name] ??= []).push(value);
  if (values.revision?.[0] !== form.elements.revision.value) return; // it was kept, or changed by somebody else
  htmx.ajax("POST", "/schedules/draft", { source: document.body, target: "#fields", swap: "innerHTML", values });
}
if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") bringBack();
