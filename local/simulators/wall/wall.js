// Puts in what the stream brings. The server draws; here is only where it goes.
"use strict";

const wall = document.getElementById("wall");
const live = document.getElementById("live");
const hold = document.getElementById("hold");
const NEW_MS = 6000;
let stream = null;
let number = wall ? wall.dataset.number : "0";

function say(kind, words) {
  live.className = `live ${kind}`;
  document.getElementById("live-words").textContent = words;
}

function put(phone) {
  const made = new DOMParser().parseFromString(phone.html, "text/html").querySelector(".phone");
  const old = document.getElementById(made.id);
  const known = new Set(old ? [...old.querySelectorAll("article")].map((one) => one.dataset.seq) : []);
  for (const article of made.querySelectorAll("article")) {
    if (known.has(article.dataset.seq)) continue;
    article.classList.add("new");
    setTimeout(() => article.classList.remove("new"), NEW_MS);
  }
  const focused = old && old.contains(document.activeElement);
  if (old) old.replaceWith(made);
  else wall.prepend(made);
  if (focused) made.querySelector("a").focus();
}

function crowd() {
  const none = document.getElementById("none");
  const phones = wall.querySelectorAll(".phone");
  if (none) none.hidden = phones.length > 0;
  const most = Number(wall.dataset.most || 0);
  if (most) for (const phone of [...phones].slice(most)) phone.remove();
}

function listen() {
  const query = new URLSearchParams({ after: number });
  if (wall.dataset.only) query.set("only", wall.dataset.only);
  stream = new EventSource(`/phones/stream?${query}`);
  stream.addEventListener("open", () => say("on", "Trực tiếp"));
  stream.addEventListener("error", () => say("off", "Mất kết nối, đang nối lại …"));
  stream.addEventListener("anew", () => location.reload());
  stream.addEventListener("phones", (event) => {
    number = event.lastEventId;
    const { phones, sums } = JSON.parse(event.data);
    phones.forEach(put);
    crowd();
    for (const place of document.querySelectorAll("[data-sum]")) place.textContent = sums[place.dataset.sum];
  });
}

if (wall && live) {
  live.hidden = false;
  listen();
  hold.addEventListener("click", () => {
    const held = hold.getAttribute("aria-pressed") === "true";
    hold.setAttribute("aria-pressed", String(!held));
    hold.textContent = held ? "Dừng hình" : "Chạy tiếp";
    if (held) {
      listen();
    } else {
      stream.close();
      say("", "Đang dừng hình");
    }
  });
}
