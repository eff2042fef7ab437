// Numbers and patterns as persons read them. The words themselves come translated from the server.

export const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
export const number = (value, digits = 0) =>
  value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part) => String(part).padStart(2, "0");
  return parts[0] ? `${parts[0]}:${two(parts[1])}:${two(parts[2])}` : `${parts[1]}:${two(parts[2])}`;
}

// Asks before what cannot be undone. `words` has confirm, confirmTitle and confirmYes.
export function ask(words, proceed) {
  const dialog = document.getElementById("confirm");
  dialog.querySelector("#confirm-title").textContent = words.confirmTitle;
  dialog.querySelector("#confirm-text").textContent = words.confirm;
  dialog.querySelector("[data-confirm-button]").textContent = words.confirmYes;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && proceed(), { once: true });
  dialog.showModal();
}
