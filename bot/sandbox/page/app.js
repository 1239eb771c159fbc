// The page: two panes, a clock, and one socket to the demo behind them.

import { make, clockTime } from "./message.js";
import { Pane } from "./pane.js";
import { WORDS } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const narrow = window.matchMedia("(max-width: 820px)");
const TOAST_MS = 5000;
const INVITATION = /^https:\/\/t\.me\/\w+\?start=/;

for (const box of document.querySelectorAll("[data-word]")) box.textContent = WORDS[box.dataset.word];
for (const box of document.querySelectorAll("[data-label]")) {
  box.setAttribute("aria-label", WORDS[box.dataset.label]);
  box.title = WORDS[box.dataset.label];
}

let status = null;
let patient = "";
let socket = null;

const ask = (command) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
};

const scan = () => {
  if (!status?.scannable) return;
  ask({ do: "scan" });
  show("patient");
};

const actions = {
  copied(text) {
    navigator.clipboard?.writeText(text).catch(() => {});
    toast(WORDS.copied(text));
  },
  opened(url) {
    if (INVITATION.test(url)) scan();
    else toast(WORDS.opens(url));
  },
};

const panes = {
  patient: new Pane($("#patient"), {
    placeholder: WORDS.write_patient,
    attachments: () => [
      [WORDS.photo, { do: "share", what: "photo", chat: "patient" }],
      [WORDS.voice, { do: "share", what: "voice", chat: "patient" }],
      [WORDS.sticker, { do: "share", what: "sticker", chat: "patient" }],
      [WORDS.location, { do: "share", what: "location", chat: "patient" }],
      [status?.blocked ? WORDS.unblock : WORDS.block, { do: "block" }],
    ],
    ask: (command) => ask({ chat: "patient", ...command }),
    actions,
    owner: (message) => !message.bot,
  }),
  group: new Pane($("#group"), {
    placeholder: WORDS.write_group,
    attachments: () => [[WORDS.photo, { do: "share", what: "photo" }]],
    ask: (command) => ask({ chat: "group", as: $("#speaker").value, ...command }),
    actions,
    owner: (message) => message.name === $("#speaker").value,
  }),
};

const told = {
  whole(news) {
    $("#speaker").replaceChildren(...news.staff.map((name) => make("option", "", name)));
    for (const [name, messages] of Object.entries(news.chats)) {
      panes[name].reset(messages, name === "patient" ? news.status.phone_zone : news.status.zone);
    }
    patient = news.people.patient;
    $("#group .under").textContent = WORDS.members(news.staff);
    told.status(news.status);
    show(news.status.begun ? "patient" : "group");
  },
  status(news) {
    status = news;
    told.clock(news);
    panes.patient.live(news.phone_zone);
    panes.patient.composer.update(news.commands.patient, news.keyboard, news.blocked ? WORDS.blocked : "");
    panes.group.composer.update(news.commands.group, [], "");
    $("#language").value = news.language;
    $(".welcome").hidden = news.begun;
    panes.patient.log.hidden = !news.begun;
    $(".offer button").classList.toggle("strong", !news.scannable && !news.begun);
    $(".welcome .hint").hidden = news.scannable;
    for (const button of document.querySelectorAll('[data-do="scan"]')) button.disabled = !news.scannable;
    $(".ready").hidden = !news.scannable;
  },
  clock(news) {
    const zone = status.zone;
    const at = new Date(news.now * 1000);
    $("#day").textContent = status.day === null ? WORDS.clock_before : WORDS.clock_day(status.day);
    $("#date").textContent = at.toLocaleDateString("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short" });
    $("#hour").textContent = clockTime(news.now, zone);
    $("#time").dateTime = at.toISOString();
    $("#patient .under").textContent = WORDS.phone_clock(patient, clockTime(news.now, status.phone_zone));
  },
  message(news) {
    if (panes[news.chat].put(news.message)) unseen(news.chat);
  },
  deleted(news) {
    panes[news.chat].remove(news.id);
  },
  toast(news) {
    toast(news.text);
  },
  note(news) {
    toast(WORDS.notes[news.key]);
  },
  busy(news) {
    document.body.classList.toggle("busy", news.on);
    document.body.setAttribute("aria-busy", String(news.on));
    for (const button of document.querySelectorAll("[data-wait], [data-do='enrol'], #restart")) button.disabled = news.on;
  },
};

function connect() {
  socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
  socket.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    told[news.type](news);
  });
  socket.addEventListener("close", () => toast(WORDS.offline, true));
}

function toast(text, stays = false) {
  const box = make("div", "toast", text);
  $("#toasts").append(box);
  if (!stays) setTimeout(() => box.remove(), TOAST_MS);
}

function unseen(name) {
  const tab = $(`#tab-${name}`);
  if (!narrow.matches || tab.getAttribute("aria-selected") === "true") return;
  const badge = tab.querySelector(".badge");
  badge.hidden = false;
  badge.textContent = String(Number(badge.textContent || 0) + 1);
}

function show(name, focus = false) {
  for (const other of Object.keys(panes)) {
    const tab = $(`#tab-${other}`);
    const chosen = other === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    $(`#${other}`).classList.toggle("shown", chosen);
    if (chosen) {
      const badge = tab.querySelector(".badge");
      badge.hidden = true;
      badge.textContent = "";
      panes[other].scroll();
      if (focus) tab.focus();
    }
  }
}

for (const name of Object.keys(panes)) {
  $(`#tab-${name}`).addEventListener("click", () => show(name));
  $(`#tab-${name}`).addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") show(name === "patient" ? "group" : "patient", true);
  });
}
for (const button of document.querySelectorAll("[data-wait]")) {
  button.addEventListener("click", () => ask({ do: "wait", step: button.dataset.wait }));
}
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", button.dataset.do === "scan" ? scan : () => ask({ do: "enrol" }));
}
$("#start").addEventListener("click", () => ask({ do: "send", chat: "patient", text: "/start" }));
$("#restart").addEventListener("click", () => ask({ do: "restart" }));
$("#language").addEventListener("change", (event) => ask({ do: "language", value: event.target.value }));
$("#speaker").addEventListener("change", () => panes.group.redraw());
$("#theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

connect();
