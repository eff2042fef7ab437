// Choosing or dropping a recording and seeing it arrive. Every box marked data-drop is one upload of its own; its words
// are its data attributes, see _upload.html. A box tells `loa:recording` (bubbling, detail.id) when its upload changes.

import { Upload, unfinished } from "./tus.js";
import { ask, fill, length, number } from "./words.js";

const MB = 1_000_000;
const ESTIMATE_AFTER_MS = 2_000;
const boxes = new WeakMap(); // box -> its Shown

// One upload as its box shows it.
class Shown {
  constructor(box, file, remember) {
    this.box = box;
    this.file = file;
    this.precious = !remember;
    this.upload = new Upload(file, { token: box.closest("form").elements.csrf_token.value, tell: this, remember });
    this.told = -1;
    this.part("bar").value = 0;
    this.part("row").hidden = false;
    this.go();
  }

  part(name) {
    return this.box.querySelector(`[data-upload-${name}]`);
  }

  say(pattern, values = {}) {
    const words = fill(pattern, { name: this.file.name, ...values });
    if (this.part("note").textContent !== words) this.part("note").textContent = words;
  }

  go() {
    this.begunAt = 0;
    this.showPaused(false);
    this.upload.go();
  }

  showPaused(paused) {
    this.part("pause").hidden = paused;
    this.part("resume").hidden = !paused;
  }

  setId(id) {
    const field = this.box.querySelector("[data-recording-id]");
    if (field.value === id) return;
    field.value = id;
    this.box.dispatchEvent(new CustomEvent("loa:recording", { bubbles: true, detail: { id } }));
  }

  // --- what the upload tells ------------------------------------------------------------------------------------------

  progress(bytes) {
    this.setId(this.upload.id);
    const now = performance.now();
    if (!this.begunAt) [this.begunAt, this.begunWith] = [now, bytes];
    const percent = Math.floor((100 * bytes) / this.file.size);
    this.part("bar").value = percent;
    const { figures, left, uploading } = this.box.dataset;
    const values = { percent: `${percent} %`, sent: number(bytes / MB, 1), total: number(this.file.size / MB, 1) };
    const rate = (bytes - this.begunWith) / (now - this.begunAt); // bytes a millisecond
    const known = now - this.begunAt > ESTIMATE_AFTER_MS && rate > 0;
    const rest = known ? ` · ${fill(left, { t: length((this.file.size - bytes) / rate / 1000) })}` : "";
    this.part("figures").textContent = fill(figures, values) + rest;
    // Said aloud at each quarter, not at each piece.
    const quarter = 25 * Math.floor(percent / 25);
    if (quarter !== this.told) this.say(uploading, { percent: `${quarter} %` });
    this.told = quarter;
  }

  waiting() {
    this.told = -1;
    this.begunAt = 0;
    this.say(this.box.dataset.waiting);
  }

  done(id) {
    this.precious = false;
    this.part("row").hidden = true;
    this.setId(id);
    this.say(this.box.dataset.done);
  }

  // What was recorded is nowhere else: it stays here to be tried again.
  failed(sentence) {
    this.setId("");
    this.part("row").hidden = !this.precious;
    this.showPaused(true);
    const { unreadable, failed } = this.box.dataset;
    this.say(sentence === "unreadable" ? unreadable : sentence || failed);
  }

  // --- what the person does -------------------------------------------------------------------------------------------

  pause() {
    this.upload.pause();
    this.told = -1;
    this.showPaused(true);
    this.part("resume").focus();
    this.say(this.box.dataset.paused);
  }

  resume() {
    this.go();
    this.part("pause").focus();
  }

  cancel() {
    if (this.precious) ask(this.part("cancel").dataset, () => this.drop());
    else this.drop();
  }

  drop() {
    this.precious = false;
    this.upload.cancel();
    this.setId("");
    this.part("row").hidden = true;
    const input = this.box.querySelector("input[type=file]");
    input.value = "";
    input.focus();
    this.say(this.box.dataset.cancelled);
  }
}

// Sends `file` as the recording of `box`. Without `remember` nothing is kept to go on after the page was left.
export function uploadInto(box, file, remember) {
  const before = boxes.get(box);
  if (before?.upload.running) before.upload.pause();
  const field = box.querySelector("[data-recording-id]");
  field.value = "";
  box.dispatchEvent(new CustomEvent("loa:recording", { bubbles: true, detail: { id: "" } }));
  boxes.set(box, new Shown(box, file, remember));
}

// True while something would be lost that cannot be chosen again.
export const isPrecious = (box) => Boolean(boxes.get(box)?.precious);

function begin(input) {
  if (!input?.files[0]) return;
  input.removeAttribute("name"); // it goes up by itself, not with the form
  uploadInto(input.closest("[data-drop]"), input.files[0], true);
}
document.addEventListener("change", (event) => begin(event.target.closest("[data-drop] input[type=file]")));
// What was chosen before this script was there.
document.querySelectorAll("[data-drop] input[type=file]").forEach(begin);

for (const deed of ["pause", "resume", "cancel"]) {
  document.addEventListener("click", (event) => {
    const box = event.target.closest(`[data-upload-${deed}]`)?.closest("[data-drop]");
    if (box) boxes.get(box)?.[deed]();
  });
}

// What an earlier visit left half-way: its file must be chosen again, since no page may open a file by itself.
async function remind() {
  const box = document.querySelector("[data-drop]");
  const left = box && (await unfinished());
  const note = box?.querySelector("[data-upload-note]");
  if (left && !boxes.has(box) && !note.textContent) note.textContent = fill(box.dataset.unfinished, { ...left, percent: `${left.percent} %` });
}
remind();

const over = (event, on) => event.target.closest?.("[data-drop] .drop")?.classList.toggle("over", on);
for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => over(event, true));
for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, (event) => over(event, false));
