// A form that is on its way is not sent once more: who presses twice presses once. What the server answers comes in the
// place of the page; where nothing comes, the form can be sent again after a while.

const AGAIN_MS = 5000;

// On the window: whatever else hears of it first may have taken it over, or asks whether it is meant.
window.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, AGAIN_MS);
});
// A page that the browser kept and shows again has been sent before.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
