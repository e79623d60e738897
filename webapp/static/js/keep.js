// What is typed survives a reload, a dropped connection and a closed lid, in this tab, for whoever typed it.
//
// Forms that say so (data-keep) are kept in sessionStorage as they are typed, sealed with a key that the server gives
// to this session alone. Whoever signs out, or is signed out, leaves nothing that anybody could read: the words are
// dropped, and were a tab of before brought back, no page would give the key again. Passwords, files and tokens are
// never kept; without a key, or where the browser cannot seal (no https), nothing is.

const PREFIX = "typed:";
const NOTICE = "typed-again"; // the template and what is made from it
const NEVER = new Set(["password", "file", "submit", "button", "image", "reset"]);
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("enmusubi") : null;

/** An address as browser and server both write it. */
const addressOf = (path) => {
  const found = new URL(path, location.href);
  return found.pathname + found.search;
};
const toText = (bytes) => btoa(String.fromCharCode(...bytes));
const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function stored() {
  return Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
}

function forgetAll() {
  for (const name of stored()) sessionStorage.removeItem(name);
}

/** The controls of a form that may be kept; none of a form in which a secret is typed. */
function controls(form) {
  const all = Array.from(form.elements);
  if (all.some((control) => control.type === "password")) return [];
  return all.filter(
    (control) =>
      control.name && control.name !== "csrf_token" && !NEVER.has(control.type) && !control.closest("[aria-hidden]"),
  );
}

const isBox = (control) => control.type === "checkbox" || control.type === "radio";

/** Name and value of what is typed, chosen and ticked; hidden ones are marked, and tell the server what was seen. */
function typed(form) {
  return controls(form).flatMap((control) => {
    const hidden = control.type === "hidden" ? 1 : 0;
    if (isBox(control)) return control.checked ? [[control.name, control.value, 0]] : [];
    if (control.type === "select-multiple") {
      return Array.from(control.selectedOptions, (option) => [control.name, option.value, 0]);
    }
    return [[control.name, control.value, hidden]];
  });
}

const words = (fields) => JSON.stringify(fields.filter(([, , hidden]) => !hidden));

/** What is seen of a control: what is written, chosen or ticked. */
function shows(control) {
  if (isBox(control)) return control.checked;
  return control.type === "select-multiple"
    ? Array.from(control.selectedOptions, (option) => option.value).join()
    : control.value;
}

/** Fill a form; returns the controls that show something else than before. */
function fill(form, fields) {
  const changed = [];
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const control of controls(form)) {
    const given = values.get(control.name) ?? [];
    const before = shows(control);
    if (isBox(control)) {
      control.checked = given.includes(control.value);
    } else if (control.type === "select-multiple") {
      for (const option of control.options) option.selected = given.includes(option.value);
    } else if (given.length) {
      const value = given.shift();
      if (control.tagName === "SELECT" && !Array.from(control.options).some((one) => one.value === value)) continue;
      control.value = value;
      if (control.type !== "hidden") control.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (control.type !== "hidden" && shows(control) !== before) changed.push(control);
  }
  return changed;
}

/** The folds around something that are closed, the outermost last. */
function closedAround(element) {
  const found = [];
  for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    if (!fold.open) found.push(fold);
  }
  return found;
}

/** Open the folds around what was brought back, except where that would close what was brought back before. */
function unfold(element) {
  for (const fold of closedAround(element)) {
    const name = fold.getAttribute("name");
    const rivals = Array.from(document.querySelectorAll("details[open][name]"));
    if (!name || !rivals.some((one) => one.getAttribute("name") === name && one.querySelector(`.${NOTICE}`))) {
      fold.open = true;
    }
  }
}

class Keeper {
  constructor(key, print) {
    this.key = key;
    this.mine = `${PREFIX}${print}:`; // another key, another name: what it sealed is left alone
    this.opened = new WeakMap(); // form → what it said when it came
    this.turns = new WeakMap();
    this.sent = new WeakMap(); // form → where it was sent
    this.own = new WeakMap(); // form → its form_id, while it shows that of the words that were brought back
    this.isFilling = false;
  }

  nameOf(form) {
    return this.mine + addressOf(form.getAttribute("action"));
  }

  /** What is being sealed meanwhile is of before. */
  turn(form) {
    const turn = (this.turns.get(form) ?? 0) + 1;
    this.turns.set(form, turn);
    return turn;
  }

  fill(form, fields) {
    this.isFilling = true;
    const changed = fill(form, fields);
    this.isFilling = false;
    return changed;
  }

  async note(form) {
    if (this.isFilling || !this.opened.has(form)) return;
    if (this.own.has(form)) {
      // Other words than those that may have arrived already: the server must not take them for the same.
      form.elements.namedItem("form_id").value = this.own.get(form);
      this.own.delete(form);
    }
    const fields = typed(form);
    const turn = this.turn(form);
    if (words(fields) === words(this.opened.get(form))) {
      sessionStorage.removeItem(this.nameOf(form));
      return;
    }
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(fields));
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, plain));
    if (this.turns.get(form) !== turn) return; // more was typed meanwhile
    const entry = { iv: toText(iv), sealed: toText(sealed), sent: this.sent.get(form) ?? "" };
    try {
      sessionStorage.setItem(this.nameOf(form), JSON.stringify(entry));
    } catch {
      sessionStorage.removeItem(this.nameOf(form)); // no room: what is kept in part would be wrong
    }
  }

  async read(form) {
    const entry = JSON.parse(sessionStorage.getItem(this.nameOf(form)) ?? "null");
    if (!entry) return null;
    try {
      const way = { name: "AES-GCM", iv: toBytes(entry.iv) };
      const plain = await crypto.subtle.decrypt(way, this.key, toBytes(entry.sealed));
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      sessionStorage.removeItem(this.nameOf(form)); // not what we sealed
      return null;
    }
  }

  async bringBack(form) {
    const before = typed(form);
    this.opened.set(form, before);
    const kept = await this.read(form);
    if (!kept || words(kept) === words(before) || words(typed(form)) !== words(before)) return;
    const own = form.elements.namedItem("form_id")?.value;
    const changed = this.fill(form, kept);
    if (own) this.own.set(form, own);
    const notice = document.getElementById(NOTICE)?.content.firstElementChild.cloneNode(true);
    if (!notice) return;
    notice.classList.add(NOTICE);
    notice.querySelector("button").addEventListener("click", () => {
      this.turn(form);
      this.own.delete(form);
      this.fill(form, before);
      sessionStorage.removeItem(this.nameOf(form));
      notice.remove();
      form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    });
    for (const control of changed) unfold(control);
    const closed = closedAround(form).at(-1);
    if (closed) closed.before(notice);
    else form.prepend(notice);
  }

  send(form, submitter) {
    const address = addressOf(submitter?.getAttribute("formaction") ?? form.getAttribute("action"));
    this.sent.set(form, address);
    const entry = JSON.parse(sessionStorage.getItem(this.nameOf(form)) ?? "null");
    if (entry) sessionStorage.setItem(this.nameOf(form), JSON.stringify({ ...entry, sent: address }));
  }

  /** What was sent has arrived if the server says so, on the page it led on to; else it is as if it had not been. */
  settle() {
    const arrived = new Set((document.body.dataset.arrived ?? "").split(" ").filter(Boolean).map(addressOf));
    for (const name of stored().filter((one) => one.startsWith(this.mine))) {
      const entry = JSON.parse(sessionStorage.getItem(name));
      if (arrived.has(entry.sent)) sessionStorage.removeItem(name);
      else if (entry.sent) sessionStorage.setItem(name, JSON.stringify({ ...entry, sent: "" }));
    }
  }
}

/** Whether the page answers what was sent, and says itself what was typed. */
function isAnswer() {
  return performance.getEntriesByType("navigation")[0]?.responseStatus >= 400;
}

async function begin(secret) {
  const key = await crypto.subtle.importKey("raw", toBytes(secret), "AES-GCM", false, ["encrypt", "decrypt"]);
  const print = new Uint8Array(await crypto.subtle.digest("SHA-256", toBytes(secret)));
  const keeper = new Keeper(key, toText(print.subarray(0, 6)));
  keeper.settle();
  for (const form of document.querySelectorAll("form[data-keep]")) {
    if (isAnswer()) keeper.opened.set(form, []);
    else await keeper.bringBack(form);
  }
  const note = (event) => {
    const form = event.target.form;
    if (form?.matches("[data-keep]")) keeper.note(form);
  };
  document.addEventListener("input", note);
  document.addEventListener("change", note);
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.matches("[data-keep]")) keeper.send(event.target, event.submitter);
  });
}

tabs?.addEventListener("message", forgetAll);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-leave]")) return;
  forgetAll();
  tabs?.postMessage("left");
});

const secret = document.body.dataset.key;
if (secret && globalThis.crypto?.subtle) begin(secret);
else forgetAll();
