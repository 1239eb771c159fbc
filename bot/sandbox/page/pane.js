// One chat of the page: its messages in order, its composer, whether its newest was seen.

import { Composer } from "./composer.js";
import { drawn, localDate, make } from "./message.js";

const PEEK = 36; // pixels of what came before that stay in sight above a tall message
const NEAR = 24; // pixels from the end that still count as the end

export class Pane {
  /** `owner` says whose messages stand on the right; `ask` sends a command; `actions` are the page's. */
  constructor(section, { placeholder, attachments, ask, actions, owner }) {
    this.section = section;
    this.log = section.querySelector(".log");
    this.messages = new Map();
    this.zone = "UTC";
    this.owner = owner;
    this.composer = new Composer(section.querySelector(".foot"), placeholder, attachments, ask);
    this.atEnd = true;
    this.log.addEventListener("scroll", () => {
      this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
    });
    new ResizeObserver(() => this.atEnd && this.scroll()).observe(this.log);
    this.actions = {
      ...actions,
      command: (text) => ask({ do: "send", text }),
      tap: (message, row, column) => ask({ do: "tap", message, row, column }),
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
    };
  }

  /** Show these messages and no others. */
  reset(messages, zone) {
    this.zone = zone;
    this.messages = new Map(messages.map((message) => [message.id, message]));
    this.redraw();
  }

  /** Tell the time by another zone. */
  live(zone) {
    if (zone === this.zone) return;
    this.zone = zone;
    this.redraw();
  }

  /** Show a new message, or an old one as it now is; return whether it is new. */
  put(message) {
    const known = this.messages.has(message.id);
    this.messages.set(message.id, message);
    const box = this.box(message);
    if (known) {
      this.replace(message.id, box);
      return false;
    }
    this.date(message.at);
    box.classList.add("fresh");
    this.log.append(box);
    if (message.force_reply) this.composer.reply(message);
    this.follow(box);
    return true;
  }

  /** Take a message away. */
  remove(id) {
    this.messages.delete(id);
    this.element(id)?.remove();
  }

  redraw() {
    this.log.replaceChildren();
    this.dated = null;
    for (const message of this.messages.values()) {
      this.date(message.at);
      this.log.append(this.box(message));
    }
    this.scroll();
  }

  box(message) {
    return drawn(message, this.owner(message), this.zone, this.actions);
  }

  replace(id, box) {
    const old = this.element(id);
    if (!old) return;
    const focused = old.contains(document.activeElement);
    old.replaceWith(box);
    if (focused) (box.querySelector(".rows button") ?? this.log).focus({ preventScroll: true });
  }

  element(id) {
    return this.log.querySelector(`[data-id="${id}"]`);
  }

  date(at) {
    const date = localDate(at, this.zone);
    if (date === this.dated) return;
    this.dated = date;
    this.log.append(make("p", "date", date));
  }

  /** Show a new message whole; of one that is taller than the pane, show where it begins. */
  follow(box) {
    const tall = box.offsetHeight > this.log.clientHeight - PEEK;
    if (tall) this.log.scrollTop = box.offsetTop - this.log.offsetTop - PEEK;
    else this.scroll();
  }

  scroll() {
    this.log.scrollTop = this.log.scrollHeight;
  }
}
