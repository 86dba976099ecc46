// Ticks stay while the list renews itself; without it, the list is renewed by its link.
"use strict";

const ticked = new Set();

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "box") return;
  ticked.clear();
  for (const tick of document.querySelectorAll("[data-tick]:checked")) ticked.add(tick.value);
});

document.addEventListener("htmx:afterSwap", () => {
  for (const tick of document.querySelectorAll("[data-tick]")) {
    if (ticked.has(tick.value)) tick.checked = true;
  }
});
