// Words to be heard at once: links that play where they stand, and a form whose fields are heard. See pronunciations.html.

const audio = new Audio();
const play = (url) => {
  audio.src = url;
  audio.play().catch(() => {});
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-say]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  play(link.href);
});

const form = document.querySelector("[data-say-form]");
if (form) {
  const { language, written, spoken } = form.elements;
  const said = (as) => `/pronunciations/audio?${new URLSearchParams({ language: language.value, written: written.value, spoken: as })}`;
  const usual = form.querySelector("[data-say-usual]");
  const changed = form.querySelector("[data-say-new]");
  usual.hidden = false;
  changed.hidden = false;
  usual.addEventListener("click", () => written.value.trim() && play(said("")));
  changed.addEventListener("click", () => written.value.trim() && spoken.value.trim() && play(said(spoken.value)));
}
