// What is typed in a console is kept by this browser until it is sent: a page that is loaded anew, or a server that does
// not answer, loses nothing. It stays in this window, and is kept apart for each person and each page.

const ASIDE = new Set(["csrf_token", "held", "word"]);
const SENT_TO = /^\/emergency\/[^/]+$/;
const place = `loa-kept ${document.body.dataset.person} ${location.pathname}`;
const consoleForm = () => document.querySelector("[data-console]");
const part = (name) => document.querySelector(`[${name}]`);

const typed = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !ASIDE.has(name));
let blank = JSON.stringify(typed(consoleForm()));

function keep() {
  const now = JSON.stringify(typed(consoleForm()));
  try {
    if (now === blank) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, now);
  } catch {
    // No room, or not allowed: nothing is kept then.
  }
}
function forget() {
  sessionStorage.removeItem(place);
}

// --- put back: the server fills its own form in ------------------------------------------------------------------------

async function ask(form, path, fields) {
  return fetch(path, { method: "POST", body: fields, headers: { "X-CSRF-Token": form.elements.csrf_token.value } });
}
function show(answer) {
  const found = new DOMParser().parseFromString(answer, "text/html").querySelector("[data-console]");
  if (!found) return false;
  htmx.swap("[data-console]", found.outerHTML, { swapStyle: "outerHTML" });
  return true;
}
async function restore() {
  const kept = sessionStorage.getItem(place);
  if (!kept || kept === blank) return;
  const form = consoleForm();
  const fields = new FormData();
  for (const [name, value] of JSON.parse(kept)) fields.append(name, value);
  try {
    const answer = await ask(form, `${form.getAttribute("action")}/draft`, fields);
    if (answer.ok && JSON.stringify(typed(form)) === blank && show(await answer.text())) part("data-restored").hidden = false;
  } catch {
    part("data-unsent").hidden = false;
  }
}

// --- sent once, and only forgotten when it has arrived -------------------------------------------------------------------

async function send(form, button) {
  form.dataset.sent = "yes";
  keep();
  part("data-unsent").hidden = true;
  try {
    const answer = await ask(form, form.getAttribute("action"), new FormData(form));
    const path = new URL(answer.url).pathname;
    if (answer.redirected) {
      if (SENT_TO.test(path)) forget();
      location.assign(answer.url);
      return;
    }
    const body = await answer.text();
    if (answer.status >= 500 || !replaced(body)) throw new Error(String(answer.status));
  } catch {
    part("data-unsent").hidden = false;
    part("data-unsent").scrollIntoView({ block: "center" });
    button?.focus();
  }
  delete form.dataset.sent;
}
// It was refused: the whole page says why, with what was typed.
function replaced(body) {
  const main = new DOMParser().parseFromString(body, "text/html").querySelector("main");
  if (!main?.querySelector("[data-console]")) return false;
  htmx.swap("#main", main.innerHTML, { swapStyle: "innerHTML" });
  part("data-console")?.scrollIntoView();
  document.querySelector("[aria-invalid=true]")?.focus();
  return true;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-console]");
  if (!form || event.defaultPrevented || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  if (!form.dataset.sent) send(form, event.submitter);
});
for (const kind of ["input", "change", "htmx:afterSettle", "loa:recording"]) {
  document.addEventListener(kind, (event) => event.target.closest?.("[data-console]") && keep());
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-start-anew]")) return;
  forget();
  location.assign(location.pathname);
});

if (document.body.dataset.person) restore();
