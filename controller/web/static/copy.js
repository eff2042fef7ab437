// A button that copies what stands elsewhere on the page: data-copy names the element, data-copied is said afterwards.

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !window.isSecureContext && !document.queryCommandSupported?.("copy");
  button.addEventListener("click", () => copy(button, document.querySelector(button.dataset.copy)));
}

async function copy(button, source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  // Where the page has no HTTPS, the browser copies only what is selected.
  if (window.isSecureContext && navigator.clipboard) await navigator.clipboard.writeText(source.textContent);
  else if (!document.execCommand("copy")) return;
  const word = button.querySelector("span");
  word.setAttribute("aria-live", "polite");
  word.textContent = button.dataset.copied;
}
