// Small manners of the counter's pages; each of them works without.
"use strict";

// Arrows go from the search to the list of what was found and through it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const list = document.getElementById("found");
  const search = document.querySelector("[data-search]");
  if (!list || !search || event.isComposing) return;
  const stops = [search, ...list.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  if (at < 0) return;
  const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

// What stands on the chip card's QR code, read by a scanner into the name's field: number|old number|name|birth|sex|address|…
// It is whole when the scanner says so, by Enter or Tab.
const spread = (field) => {
  if (!(field instanceof HTMLInputElement) || !field.matches('[name$=".full_name"]')) return false;
  const parts = field.value.split("|");
  if (parts.length < 6 || !/^[0-9]{12}$/.test(parts[0].trim())) return false;
  const whose = field.name.slice(0, -"full_name".length);
  const fill = (name, value) => {
    const place = field.form.elements.namedItem(whose + name);
    if (place) place.value = value.trim();
  };
  fill("id_number", parts[0]);
  fill("full_name", parts[2]);
  fill("address", parts[5]);
  field.form.elements.namedItem(whose + "phone")?.focus();
  return true;
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && spread(event.target)) event.preventDefault();
});
document.addEventListener("change", (event) => spread(event.target));
