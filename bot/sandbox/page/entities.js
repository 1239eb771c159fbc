// Text and entities to elements. Text is only ever set as text, never as HTML.

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
};

/** Return a fragment that shows a text as Telegram would. Offsets count UTF-16 units, as here. */
export function rendered(text, entities, zone, actions) {
  const sorted = entities
    .map((entity) => ({ ...entity, end: entity.offset + entity.length }))
    .sort((one, other) => one.offset - other.offset || other.end - one.end);
  const out = document.createDocumentFragment();
  fill(out, text, 0, text.length, sorted, zone, actions);
  return out;
}

function fill(parent, text, from, to, entities, zone, actions) {
  let at = from;
  let left = entities;
  while (left.length) {
    const [entity, ...others] = left;
    const end = Math.min(entity.end, to);
    if (entity.offset > at) parent.append(text.slice(at, entity.offset));
    const inner = others.filter((other) => other.offset < end);
    left = others.filter((other) => other.offset >= end);
    const box = element(entity, text.slice(entity.offset, end), zone, actions);
    if (box) {
      fill(box.inside ?? box, text, entity.offset, end, inner, zone, actions);
      parent.append(box);
    } else {
      fill(parent, text, entity.offset, end, inner, zone, actions);
    }
    // A block begins and ends a line by itself, so the line break after it would show as a gap.
    at = BLOCKS.has(entity.type) && text[end] === "\n" ? end + 1 : end;
  }
  if (at < to) parent.append(text.slice(at, to));
}

function element(entity, text, zone, actions) {
  if (TAGS[entity.type]) return document.createElement(TAGS[entity.type]);
  switch (entity.type) {
    case "text_link":
      return link(entity.url, actions);
    case "url":
      return link(text, actions);
    case "email":
      return link(`mailto:${text}`, actions);
    case "bot_command":
      return command(text, actions);
    case "spoiler":
      return spoiler();
    case "expandable_blockquote":
      return folded(text);
    case "date_time": {
      const time = document.createElement("time");
      const at = new Date(entity.unix_time * 1000);
      time.dateTime = at.toISOString();
      time.title = at.toLocaleString("en-GB", { timeZone: zone, dateStyle: "full", timeStyle: "short" });
      return time;
    }
    default:
      return null;
  }
}

function link(url, actions) {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noreferrer noopener";
  anchor.addEventListener("click", (event) => {
    event.preventDefault();
    actions.opened(url);
  });
  return anchor;
}

function command(text, actions) {
  const anchor = document.createElement("a");
  anchor.href = "#";
  anchor.addEventListener("click", (event) => {
    event.preventDefault();
    actions.command(text);
  });
  return anchor;
}

function spoiler() {
  const cover = document.createElement("button");
  cover.type = "button";
  cover.className = "spoiler";
  cover.setAttribute("aria-pressed", "false");
  cover.addEventListener("click", () => cover.setAttribute("aria-pressed", "true"));
  return cover;
}

function folded(text) {
  const box = document.createElement("blockquote");
  const lines = text.split("\n");
  if (lines.length <= 3 && text.length <= 160) return box;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = lines[0].slice(0, 90);
  const inside = document.createElement("div");
  details.append(summary, inside);
  box.append(details);
  box.inside = inside;
  return box;
}
