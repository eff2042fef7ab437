// Where thousands answer at once, a part that carries data-calm is fetched at most once in so many milliseconds: at once,
// and at the end once more for what was told meanwhile. htmx's own throttle forgets what comes last.

const told = new WeakMap();

export function calm(event) {
  const part = event.target;
  const pauseMs = Number(part.dataset?.calm);
  if (!pauseMs) return;
  if (told.has(part)) {
    event.stopPropagation();
    told.set(part, event.type);
    return;
  }
  told.set(part, "");
  setTimeout(() => {
    const missed = told.get(part);
    told.delete(part);
    if (missed && part.isConnected) htmx.trigger(part, missed);
  }, pauseMs);
}
