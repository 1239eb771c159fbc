// One message as an element.

import { rendered } from "./entities.js";
import { WORDS } from "./words.js";

const PICTURE = 232; // the longer side of a shown picture, in pixels

/** Return an element with a class, what it holds, and listeners. */
export function make(tag, className, ...children) {
  const box = document.createElement(tag);
  if (className) box.className = className;
  if (tag === "button") box.type = "button";
  box.append(...children.filter((child) => child !== null && child !== undefined));
  return box;
}

/** Return the local time of an instant in seconds, in a zone. */
export function clockTime(at, zone) {
  return new Date(at * 1000).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
}

/** Return the local date of an instant in seconds, in a zone. */
export function localDate(at, zone) {
  return new Date(at * 1000).toLocaleDateString("en-GB", { timeZone: zone, weekday: "long", day: "numeric", month: "long" });
}

/**
 * Return the element of a message.
 * `own` says whether it stands on the right; `actions` has command, tap, reply, edit, copied, opened.
 */
export function drawn(message, own, zone, actions) {
  if (message.service) {
    const line = make("p", "service", `${message.name} ${message.service}`);
    line.dataset.id = message.id;
    return line;
  }
  const bubble = make("div", "bubble");
  if (!own) bubble.append(make("div", "name", message.name));
  if (message.reply_to) {
    bubble.append(make("span", "quote", make("b", "", message.reply_to.name), ` ${message.reply_to.text}`));
  }
  if (message.file) bubble.append(attached(message.file));
  if (message.place) bubble.append(make("span", "attached", WORDS.place));
  if (message.text) {
    bubble.append(make("div", "text", rendered(message.text, message.entities, zone, actions)));
  }
  bubble.append(meta(message, zone));
  const box = make("article", own ? "message own" : "message", bubble);
  if (message.rows.length) box.append(buttons(message, actions));
  box.append(doings(message, own, actions));
  box.dataset.id = message.id;
  return box;
}

function meta(message, zone) {
  const line = make("div", "meta");
  if (message.silent) line.append(make("span", "", WORDS.silent));
  if (message.edited) line.append(make("span", "", WORDS.edited));
  const time = make("time", "", clockTime(message.at, zone));
  time.dateTime = new Date(message.at * 1000).toISOString();
  line.append(time);
  return line;
}

function attached(file) {
  if (file.kind === "photo") {
    const picture = make("img", "picture");
    const scale = Math.min(1, PICTURE / Math.max(file.width, file.height));
    picture.width = Math.round(file.width * scale);
    picture.height = Math.round(file.height * scale);
    picture.src = file.url;
    picture.alt = WORDS.picture;
    return picture;
  }
  if (file.kind === "voice" || file.kind === "sticker") {
    return make("span", "attached", file.kind === "voice" ? WORDS.voice_note : WORDS.sticker_shown);
  }
  const anchor = make("a", "attached", WORDS.download(file.name));
  anchor.href = file.url;
  anchor.download = file.name;
  return anchor;
}

function buttons(message, actions) {
  const rows = message.rows.map((row, number) => {
    const line = make("div", "row");
    row.forEach((button, column) => {
      const key = make("button", button.style, button.text);
      key.addEventListener("click", () => {
        if (button.copy !== undefined) actions.copied(button.copy);
        else if (button.url !== undefined) actions.opened(button.url);
        else actions.tap(message.id, number, column);
      });
      line.append(key);
    });
    return line;
  });
  return make("div", "rows", ...rows);
}

function doings(message, own, actions) {
  const line = make("div", "doings");
  const add = (word, act) => {
    const button = make("button", "", word);
    button.addEventListener("click", () => act(message));
    line.append(button);
  };
  add(WORDS.reply, actions.reply);
  if (own && message.text) add(WORDS.edit, actions.edit);
  return line;
}
