// Listening sentence by sentence, and mending how a word is read, right there. See _sentences.html. The first sentence
// that was asked for sounds at once; what is mended is heard again.

let again = -1; // the sentence to hear once the list has come anew

const lists = new WeakSet();
const audioOf = (item) => item?.querySelector("audio");
const itemsOf = (list) => [...list.querySelectorAll("[data-sentence]")].filter(audioOf);

function show(item, sounds) {
  item.classList.toggle("sounding", sounds);
  const button = item.querySelector("[data-sentence-play]");
  button.querySelector("[data-icon-play]").hidden = sounds;
  button.querySelector("[data-icon-pause]").hidden = !sounds;
  if (sounds) item.setAttribute("aria-current", "true");
  else item.removeAttribute("aria-current");
}

function play(item) {
  if (!item) return;
  const list = item.closest("[data-sentences]");
  for (const other of itemsOf(list)) if (other !== item) stop(other);
  list.dataset.at = String(itemsOf(list).indexOf(item));
  const audio = audioOf(item);
  audio.currentTime = 0;
  audio.play().catch(() => stop(item));
  const next = audioOf(itemsOf(list)[Number(list.dataset.at) + 1]);
  if (next) next.preload = "auto"; // made while this one sounds
}

function stop(item) {
  audioOf(item).pause();
  show(item, false);
}

function begin(list) {
  lists.add(list);
  const bar = list.querySelector("[data-sentences-bar]");
  if (bar) bar.hidden = false;
  for (const item of itemsOf(list)) {
    const audio = audioOf(item);
    audio.controls = false;
    audio.hidden = true;
    item.querySelector("[data-sentence-play]").hidden = false;
    audio.addEventListener("playing", () => show(item, true));
    audio.addEventListener("pause", () => show(item, false));
    audio.addEventListener("ended", () => {
      const go = list.querySelector("[data-sentences-on]").checked;
      if (go) play(itemsOf(list)[itemsOf(list).indexOf(item) + 1]);
    });
  }
  play(itemsOf(list)[Math.max(0, again)]);
  again = -1;
}

document.addEventListener("click", (event) => {
  const list = event.target.closest("[data-sentences]");
  if (!list) return;
  const items = itemsOf(list);
  const at = Number(list.dataset.at ?? -1);
  const button = event.target.closest("[data-sentence-play]");
  const item = event.target.closest("[data-sentence]");
  if (button) {
    if (audioOf(item).paused) play(item);
    else stop(item);
  }
  if (event.target.closest("[data-sentences-before]")) play(items[Math.max(0, at - 1)]);
  if (event.target.closest("[data-sentences-next]")) play(items[Math.min(items.length - 1, at + 1)]);
  if (event.target.closest("[data-sentences-close]")) {
    items.forEach(stop);
    list.remove();
    return;
  }
  const link = event.target.closest("[data-sentence-fix]");
  if (link) {
    event.preventDefault();
    fix(list, item);
  }
});

// The word that is marked is the one to be mended; the form stands beneath its sentence.
function fix(list, item) {
  const box = list.querySelector("[data-fix]");
  const chosen = String(getSelection()).trim();
  const [written, spoken] = box.querySelectorAll("input");
  if (chosen && item.textContent.includes(chosen)) written.value = chosen;
  list.dataset.fixing = String(itemsOf(list).indexOf(item));
  item.after(box);
  (written.value ? spoken : written).focus();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const list = event.target.closest?.("[data-sentences]");
  if (list) again = Number(list.dataset.fixing ?? list.dataset.at ?? 0);
});
// Enter in these fields keeps what was typed there; it does not begin the bulletin.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-fix] input")) return;
  event.preventDefault();
  event.target.closest("[data-fix]").querySelector("button").click();
});

function reveal() {
  for (const list of document.querySelectorAll("[data-sentences]")) if (!lists.has(list)) begin(list);
}
document.addEventListener("htmx:afterSettle", reveal);
reveal();
