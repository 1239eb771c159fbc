// Where one types: text, commands, attachments, the keyboard that the bot shows, replies and edits.

import { make } from "./message.js";
import { WORDS } from "./words.js";

const ICONS = {
  send: "M4 12l16-8-6 16-2.5-6.5z",
  commands: "M15 4L9 20",
  attach: "M12 5v14M5 12h14",
};

export class Composer {
  /** `ask` sends a command to the demo; `attachments` lists what can be shared. */
  constructor(foot, placeholder, attachments, ask) {
    this.ask = ask;
    this.aimed = null;
    this.commands = [];
    this.keys = make("div", "keys");
    this.aim = make("div", "aim");
    this.aim.hidden = this.keys.hidden = true;
    this.field = make("textarea", "");
    this.field.rows = 1;
    this.field.placeholder = placeholder;
    this.field.setAttribute("aria-label", placeholder);
    this.menu = make("div", "menu");
    this.menu.hidden = true;
    const slash = this.icon("commands", () => this.open(this.commandItems(), slash));
    const plus = this.icon("attach", () => this.open(this.attachItems(attachments), plus));
    const form = make("form", "write", this.menu, slash, plus, this.field, this.icon("send", () => this.send()));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("click", (event) => {
      if (!form.contains(event.target)) this.menu.hidden = true;
    });
    this.note = make("p", "note");
    this.note.hidden = true;
    this.form = form;
    foot.append(this.keys, this.aim, form, this.note);
  }

  /** Show what the bot has set: its menu, its keyboard, and whether one can write at all. */
  update(commands, keyboard, note) {
    this.commands = commands;
    this.keys.hidden = !keyboard.length;
    this.keys.replaceChildren(
      ...keyboard.map((row) => {
        const line = make("div", "row");
        for (const text of row) {
          const key = make("button", "", text);
          key.addEventListener("click", () => this.ask({ do: "key", text }));
          line.append(key);
        }
        return line;
      }),
    );
    this.note.textContent = note;
    this.note.hidden = !note;
  }

  /** Answer a message. */
  reply(message) {
    this.point({ kind: "reply", id: message.id }, `${WORDS.replying(message.name)}: ${message.text}`);
  }

  /** Change a message. */
  edit(message) {
    this.point({ kind: "edit", id: message.id }, WORDS.editing);
    this.field.value = message.text;
  }

  point(aimed, words) {
    this.aimed = aimed;
    const cancel = make("button", "", WORDS.cancel);
    cancel.addEventListener("click", () => this.release());
    this.aim.replaceChildren(make("span", "", words), cancel);
    this.aim.hidden = false;
    this.field.focus();
  }

  release() {
    this.aimed = null;
    this.aim.hidden = true;
  }

  send() {
    const text = this.field.value.trim();
    if (!text) return;
    if (this.aimed?.kind === "edit") this.ask({ do: "edit", message: this.aimed.id, text });
    else this.ask({ do: "send", text, reply_to: this.aimed?.id ?? null });
    this.field.value = "";
    this.release();
  }

  pressed(event) {
    if (event.key === "Escape") {
      this.menu.hidden = true;
      this.release();
      this.field.focus();
    } else if (event.key === "Enter" && !event.shiftKey && event.target === this.field && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }

  open(items, opener) {
    const again = !this.menu.hidden && this.opener === opener;
    this.opener = opener;
    this.menu.hidden = again || !items.length;
    this.menu.replaceChildren(...items);
    if (!this.menu.hidden) items[0].focus();
  }

  commandItems() {
    return this.commands.map(({ command, description }) =>
      this.item([make("b", "", `/${command}`), make("span", "", description)], { do: "send", text: `/${command}` }),
    );
  }

  attachItems(attachments) {
    return attachments().map(([word, command]) => this.item([word], command));
  }

  item(content, command) {
    const button = make("button", "", ...content);
    button.addEventListener("click", () => {
      this.menu.hidden = true;
      this.field.focus();
      this.ask(command);
    });
    return button;
  }

  icon(name, act) {
    const button = make("button", name === "send" ? "round strong" : "round");
    button.setAttribute("aria-label", WORDS[name]);
    button.title = WORDS[name];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    path.setAttribute("fill", name === "send" ? "currentColor" : "none");
    path.setAttribute("stroke", "currentColor");
    path.setAttribute("stroke-width", "2");
    path.setAttribute("stroke-linecap", "round");
    path.setAttribute("stroke-linejoin", "round");
    svg.append(path);
    button.append(svg);
    button.addEventListener("click", act);
    return button;
  }
}
