// Small manners of every page. Pages work without it; htmx and this only save steps.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();
});

// Requests by htmx show the session's word in a header.
document.addEventListener("htmx:configRequest", (event) => {
  const word = document.querySelector('meta[name="csrf"]');
  if (word) event.detail.headers["X-CSRF-Token"] = word.content;
});

document.addEventListener("htmx:sendError", () => {
  const place = document.getElementById("messages");
  if (place) {
    const words = document.createElement("p");
    words.className = "notice error";
    words.textContent = "Chưa kết nối được máy chủ. Hãy kiểm tra mạng rồi thử lại.";
    place.replaceChildren(words);
  }
});

// Files that are too long are said beside their field, before they are sent; the server says the same.
const fileSize = (most) => (most >= 1048576 ? `${Math.floor(most / 1048576)} MB` : `${Math.floor(most / 1024)} KB`);

const sayOfFiles = (field, text) => {
  const id = `${field.id}-size`;
  document.getElementById(id)?.remove();
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (text) {
    const words = document.createElement("p");
    words.className = "wrong";
    words.id = id;
    words.setAttribute("role", "alert");
    words.textContent = text;
    field.before(words);
    others.push(id);
    field.setAttribute("aria-invalid", "true");
    field.focus();
  } else {
    field.removeAttribute("aria-invalid");
  }
  if (others.length) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
};

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.type !== "file") return;
  const most = Number(field.dataset.most || Infinity);
  const tooLong = [...field.files].some((file) => file.size > most);
  if (tooLong) field.value = "";
  sayOfFiles(field, tooLong && `Tệp quá lớn (tối đa ${fileSize(most)}). Hãy chọn tệp nhỏ hơn.`);
});

const tooMuch = (form) => {
  const most = Number(form.dataset.mostAll || Infinity);
  let sum = 0, longest = 0, place = null;
  for (const field of form.querySelectorAll("input[type=file]")) {
    for (const file of field.files) {
      sum += file.size;
      if (file.size > longest) [longest, place] = [file.size, field];
    }
  }
  if (sum <= most) return false;
  sayOfFiles(place, `Các tệp gửi cùng lúc quá lớn (tất cả tối đa ${fileSize(most)}). Hãy gửi từng tệp một.`);
  return true;
};

// A second click while the first is on its way does nothing; the server would answer it the same.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-form]") || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent || tooMuch(form)) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
