// What is typed in a console is kept by this browser until it is sent: a page that is loaded anew, or a server that does
// not answer, loses nothing. It stays in this window, and is kept apart for each person and each page.

import { fill } from "./words.js";

const ANSWERED_WITHIN_S = 15;
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
  sessionStorage.removeItem(`${place} once`);
  sent = {};
}

// Whoever sends the same words again, since no answer came, sends the same key: the server prepares it once.
let sent = {};
function onceFor(words) {
  try {
    sent = JSON.parse(sessionStorage.getItem(`${place} once`)) ?? sent;
  } catch {
    // Not allowed: it is known as long as the page is.
  }
  if (sent.words !== words) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    sent = { words, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  try {
    sessionStorage.setItem(`${place} once`, JSON.stringify(sent));
  } catch {
    // No room, or not allowed.
  }
  return sent.key;
}

// --- asking the server --------------------------------------------------------------------------------------------------

// Why something was not sent, in a sentence.
class Unsent extends Error {}

function why(name, values = {}) {
  return new Unsent(fill(part("data-unsent").dataset[name], values));
}
// The answer and what stands in it, unless it leads elsewhere. Throws `Unsent`.
async function ask(form, path, fields) {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), ANSWERED_WITHIN_S * 1_000);
  try {
    const headers = { "X-CSRF-Token": form.elements.csrf_token.value };
    const answer = await fetch(path, { method: "POST", body: fields, headers, signal: waiting.signal });
    return [answer, answer.redirected ? "" : await answer.text()];
  } catch {
    throw waiting.signal.aborted ? why("silent", { seconds: ANSWERED_WITHIN_S }) : why("away");
  } finally {
    clearTimeout(timer);
  }
}
function tell(unsent) {
  part("data-unsent-words").textContent = unsent.message;
  part("data-unsent").hidden = false;
}

// --- put back: the server fills its own form in ------------------------------------------------------------------------

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
    const [answer, body] = await ask(form, `${form.getAttribute("action")}/draft`, fields);
    if (answer.ok && JSON.stringify(typed(form)) === blank && show(body)) part("data-restored").hidden = false;
  } catch (error) {
    if (!(error instanceof Unsent)) throw error;
    tell(why("away")); // nothing was to be prepared yet
  }
}

// --- sent once, and only forgotten when it has arrived -------------------------------------------------------------------

async function send(form, button) {
  form.dataset.sent = "yes";
  keep();
  part("data-unsent").hidden = true;
  const fields = new FormData(form);
  fields.append("once", onceFor(JSON.stringify(typed(form))));
  try {
    const [answer, body] = await ask(form, form.getAttribute("action"), fields);
    if (answer.redirected) {
      if (SENT_TO.test(new URL(answer.url).pathname)) forget();
      location.assign(answer.url);
      return;
    }
    if (!replaced(body)) throw refused(answer, body);
    delete form.dataset.sent;
  } catch (error) {
    delete form.dataset.sent;
    if (!(error instanceof Unsent)) throw error;
    tell(error);
    part("data-unsent").scrollIntoView({ block: "center" });
    button?.focus();
  }
}
// What the server said of it, or what stands before it.
function refused(answer, body) {
  const said = new DOMParser().parseFromString(body, "text/html").querySelector("[data-problem]")?.textContent;
  if (said) return why("said", { said });
  return answer.status < 500 ? why("refused", { status: answer.status }) : why("away");
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
