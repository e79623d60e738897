// What is typed survives a reload, a dropped connection and a closed lid, in this tab, for whoever typed it.
//
// Forms that say so (data-keep) are kept in sessionStorage as they are typed, sealed with a key that the server gives
// to this session alone. Whoever signs out, or is signed out, leaves nothing that anybody could read: the words are
// dropped, and were a tab of before brought back, no page would give the key again. Passwords, files and tokens are
// never kept; without a key, or where the browser cannot seal (no https), nothing is.

const PREFIX = "typed:";
const NEVER = new Set(["password", "file", "submit", "button", "image", "reset"]);
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("enmusubi") : null;

const nameOf = (form) => PREFIX + form.getAttribute("action");
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

function fill(form, fields) {
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const control of controls(form)) {
    const given = values.get(control.name) ?? [];
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
  }
}

class Keeper {
  constructor(key) {
    this.key = key;
    this.opened = new WeakMap(); // form → what it said when it came
    this.turns = new WeakMap();
    this.sent = new Set();
  }

  async note(form) {
    const fields = typed(form);
    const turn = (this.turns.get(form) ?? 0) + 1;
    this.turns.set(form, turn);
    if (words(fields) === words(this.opened.get(form))) {
      sessionStorage.removeItem(nameOf(form));
      return;
    }
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(fields));
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, plain));
    if (this.turns.get(form) !== turn) return; // more was typed meanwhile
    const entry = { iv: toText(iv), sealed: toText(sealed), sent: this.sent.has(form) };
    try {
      sessionStorage.setItem(nameOf(form), JSON.stringify(entry));
    } catch {
      sessionStorage.removeItem(nameOf(form)); // no room: what is kept in part would be wrong
    }
  }

  async read(form) {
    const entry = JSON.parse(sessionStorage.getItem(nameOf(form)) ?? "null");
    if (!entry) return null;
    try {
      const way = { name: "AES-GCM", iv: toBytes(entry.iv) };
      const plain = await crypto.subtle.decrypt(way, this.key, toBytes(entry.sealed));
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      sessionStorage.removeItem(nameOf(form)); // of another session
      return null;
    }
  }

  async bringBack(form) {
    const before = typed(form);
    this.opened.set(form, before);
    const kept = await this.read(form);
    if (!kept || words(kept) === words(before) || words(typed(form)) !== words(before)) return;
    fill(form, kept);
    const notice = document.getElementById("typed-again")?.content.firstElementChild.cloneNode(true);
    if (!notice) return;
    notice.querySelector("button").addEventListener("click", () => {
      fill(form, before);
      sessionStorage.removeItem(nameOf(form));
      notice.remove();
      form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    });
    form.prepend(notice);
  }

  send(form) {
    this.sent.add(form);
    const entry = JSON.parse(sessionStorage.getItem(nameOf(form)) ?? "null");
    if (entry) sessionStorage.setItem(nameOf(form), JSON.stringify({ ...entry, sent: true }));
  }
}

/** What was sent has arrived if the server led on to another page; else it is as if it had not been sent. */
function settle() {
  const [way] = performance.getEntriesByType("navigation");
  const hasArrived = way?.type === "navigate" && way.redirectCount > 0;
  for (const name of stored()) {
    const entry = JSON.parse(sessionStorage.getItem(name));
    if (entry.sent && hasArrived) sessionStorage.removeItem(name);
    else if (entry.sent) sessionStorage.setItem(name, JSON.stringify({ ...entry, sent: false }));
  }
  return way?.responseStatus >= 400; // the page says itself what was typed
}

async function begin(secret) {
  const isAnswer = settle();
  const key = await crypto.subtle.importKey("raw", toBytes(secret), "AES-GCM", false, ["encrypt", "decrypt"]);
  const keeper = new Keeper(key);
  for (const form of document.querySelectorAll("form[data-keep]")) {
    if (isAnswer) keeper.opened.set(form, []);
    else await keeper.bringBack(form);
  }
  const note = (event) => {
    const form = event.target.form;
    if (form?.matches("[data-keep]") && keeper.opened.has(form)) keeper.note(form);
  };
  document.addEventListener("input", note);
  document.addEventListener("change", note);
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.matches("[data-keep]")) keeper.send(event.target);
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
