// The calendar of the week: an occurrence opens in a dialog, with the place of the hand where it was afterwards.
// See calendar.html.

const dialog = document.querySelector("[data-occurrence]");
let opener = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-opens-occurrence]");
  if (link) opener = link.getAttribute("href");
  if (event.target.closest("[data-close-dialog]")) dialog?.close();
  if (dialog && event.target === dialog) dialog.close(); // beside it
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "occurrence-panel" || !dialog) return;
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector("#occurrence-title")?.focus();
});
dialog?.addEventListener("close", () => {
  dialog.querySelectorAll("audio").forEach((audio) => audio.pause());
  // The calendar may have been fetched anew meanwhile: the link is found by its address.
  if (opener) document.querySelector(`[data-opens-occurrence][href="${CSS.escape(opener)}"]`)?.focus();
});

// An area that is chosen is shown at once.
for (const choice of document.querySelectorAll("[data-go]")) {
  choice.form.querySelector("[data-go-button]").hidden = true;
  choice.addEventListener("change", () => choice.form.requestSubmit());
}
