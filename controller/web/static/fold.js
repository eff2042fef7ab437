// The choice of speakers where there are many: opens areas, ticks what belongs together, and counts.
// A part is an area, a speaker, or what an opened area does not list yet; it lies in the nearest [data-inside].

import { fill, number } from "./words.js";

const inner = (place) => [...place.querySelectorAll("[data-part]")].filter((one) => one.parentElement.closest("[data-inside], [data-fold]") === place);

// How many speakers a part stands for, how many of them are chosen, and how many of those are ready.
function weigh(part) {
  const own = part.matches("[data-area]") ? part.querySelector("[data-area-box]") : part.querySelector("[data-target-box], [data-rest-box]");
  const inside = part.matches("[data-area]") ? inner(part.querySelector("[data-inside]")) : [];
  if (inside.length) {
    const sum = total(inside);
    own.checked = sum.chosen === sum.n;
    own.indeterminate = sum.chosen > 0 && sum.chosen < sum.n;
    return sum;
  }
  const { n, ready } = (part.querySelector(".count[data-n]") ?? own).dataset;
  return { n: Number(n), chosen: own.checked ? Number(n) : 0, ready: own.checked ? Number(ready) : 0 };
}

function total(parts) {
  const sum = { n: 0, chosen: 0, ready: 0 };
  for (const part of parts) {
    const one = weigh(part);
    for (const key of Object.keys(sum)) sum[key] += one[key];
  }
  return sum;
}

function show(tree) {
  const { n, chosen, ready } = total(inner(tree));
  const words = fill(chosen ? tree.dataset.some : tree.dataset.none, { n: number(chosen), total: number(n), ready: number(ready) });
  for (const place of tree.closest("form").querySelectorAll("[data-targets-sum]")) {
    if (place.textContent !== words) place.textContent = words;
  }
  for (const button of tree.querySelectorAll("[data-unfold], [data-more]")) button.hidden = false;
}
const showAll = () => document.querySelectorAll("[data-fold]").forEach(show);

document.addEventListener("input", (event) => {
  const tree = event.target.closest?.("[data-fold]");
  if (!tree) return;
  if (event.target.matches("[data-area-box]")) {
    const boxes = event.target.closest("[data-area]").querySelectorAll("[data-inside] input[type=checkbox]");
    for (const box of boxes) box.checked = event.target.checked;
  }
  show(tree);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-unfold]");
  if (!button) return;
  const inside = document.getElementById(button.getAttribute("aria-controls"));
  inside.hidden = !inside.hidden;
  button.setAttribute("aria-expanded", String(!inside.hidden));
  if (!inside.hidden && !inner(inside).length) window.htmx.trigger(button, "loa:unfold");
});

document.addEventListener("htmx:afterSettle", showAll);
document.addEventListener("htmx:oobAfterSwap", showAll);
showAll();
