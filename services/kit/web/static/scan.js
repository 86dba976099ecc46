// A scanner is a keyboard that types a code and Enter. Wherever the cursor stands, the code opens its dossier; F2 leads
// to the field, and so does typing where there is nothing to type into. The field is a form that works without this.
"use strict";

(() => {
  // The code itself, or the address in a receipt's QR code that ends with it.
  const CODE = /(?:https?:\/\/\S*\/)?([0-9A-Z]{2,3}(?:\.[0-9A-Z]{2,3})*-[0-9]{6}-[0-9]{4,8})$/i;
  const PAUSE_MS = 500; // what is typed after a longer pause is something else
  const SILENT = new Set(["Shift", "CapsLock"]);
  let typed = "";
  let last = 0;

  const field = () => document.getElementById("scan");
  const takesText = (place) => place.matches("input, select, textarea, [contenteditable]");

  // What somebody has begun to fill in is not thrown away by a scan: then the code waits for one more Enter.
  let begun = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-form]")) begun = true;
  });

  const take = (place, [text, code]) => {
    if (typeof place.value === "string" && place.value.trimEnd().endsWith(text)) {
      place.value = place.value.trimEnd().slice(0, -text.length);
      begun = begun && isChanged(place.form);
    }
    const scan = field();
    scan.value = code.toUpperCase();
    if (begun) {
      scan.focus();
      scan.select();
    } else scan.form.requestSubmit();
  };

  // A form into which nothing but the code was typed has not been begun.
  const changed = (one) => {
    if (one.type === "hidden" || !takesText(one)) return false;
    if (one.options) {
      const first = [...one.options].findIndex((option) => option.defaultSelected);
      return one.selectedIndex !== Math.max(first, 0);
    }
    return one.checked !== one.defaultChecked || one.value !== one.defaultValue;
  };
  const isChanged = (form) => !form || [...form.elements].some(changed);

  document.addEventListener(
    "keydown",
    (event) => {
      const scan = field();
      if (!scan || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || SILENT.has(event.key)) return;
      if (event.key === "F2") {
        event.preventDefault();
        scan.focus();
        scan.select();
        return;
      }
      if (event.target === scan) return;
      if (event.key === "Enter") {
        // What stands in a field counts however long it took; what a list or a button was told, only in one go.
        const value = event.target.matches("input, textarea") ? event.target.value.trimEnd() : "";
        const found = CODE.exec(value) || (event.timeStamp - last < PAUSE_MS && CODE.exec(typed));
        typed = "";
        if (found) {
          event.preventDefault();
          event.stopPropagation();
          take(event.target, found);
        }
        return;
      }
      const goesOn = event.timeStamp - last < PAUSE_MS;
      typed = event.key.length === 1 ? (goesOn ? typed : "") + event.key : "";
      last = event.timeStamp;
      // Enter on a focused link or button still does what it is for; letters and digits mean nothing there.
      if (!takesText(event.target) && /^[0-9A-Za-z]$/.test(event.key)) {
        scan.focus();
        scan.value = "";
      }
    },
    true,
  );
})();
