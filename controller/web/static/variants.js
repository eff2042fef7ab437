// Further languages of a bulletin: a block is fetched when one is added, and taken away here. See _compose_more.html.

const compose = document.querySelector("[data-compose]");
const variants = compose.querySelector("[data-variants]");
const voiced = new Set(variants.dataset.voiced.split(" "));

const changed = (element) => element.dispatchEvent(new CustomEvent("loa:recording", { bubbles: true, detail: { id: "" } }));

// Where no voice reads the language, a recording is what remains; voices of other languages are not offered.
function fit(block) {
  const language = block.querySelector("[data-variant-language]").value;
  const text = block.querySelector("[data-variant-text]");
  const recording = block.querySelector("[data-variant-recording]");
  text.disabled = !voiced.has(language);
  if (text.disabled && text.checked) recording.checked = true;
  block.querySelector("[data-variant-unvoiced]").hidden = voiced.has(language);
  block.querySelector("textarea").lang = language;
}

function fitVoices() {
  for (const select of compose.querySelectorAll("[data-voices]")) {
    const of = select.dataset.languageOf;
    const language = of === "language" ? compose.querySelector("[name=language]:checked")?.value : document.getElementById(of).value;
    const options = [...select.options].filter((option) => option.value);
    for (const option of options) option.hidden = option.disabled = option.dataset.for !== language;
    if (select.selectedOptions[0]?.disabled) select.value = "";
    select.closest(".field").hidden = !options.some((option) => !option.disabled);
  }
}

function fitAll() {
  variants.querySelectorAll("[data-variant]").forEach(fit);
  fitVoices();
  const add = compose.querySelector("[data-variant-add]");
  add.disabled = variants.querySelectorAll("[data-variant]").length >= Number(variants.dataset.most);
}

compose.addEventListener("click", (event) => {
  const button = event.target.closest("[data-variant-remove]");
  if (!button) return;
  event.preventDefault();
  button.closest("[data-variant]").remove();
  compose.querySelector("[data-variant-add]").focus();
  changed(compose);
  fitAll();
});
compose.addEventListener("input", fitAll);
variants.addEventListener("htmx:afterSettle", () => {
  fitAll();
  changed(compose);
  variants.lastElementChild?.querySelector("select").focus();
});
fitAll();
