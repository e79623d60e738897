// Small comforts on top of pages that are complete without them. Listeners sit on the document, so
// parts exchanged by htmx need no wiring of their own.

const segmenter = "Segmenter" in Intl ? new Intl.Segmenter("ja", { granularity: "grapheme" }) : null;

/** Characters as people count them: one for が typed as two code points, one for an emoji family. */
export function countCharacters(text) {
  return segmenter ? Array.from(segmenter.segment(text)).length : Array.from(text).length;
}

function showCount(control) {
  const counter = document.getElementById(`${control.id}-count`);
  if (!counter) return;
  const limit = Number(control.dataset.limit);
  const left = limit - countCharacters(control.value);
  const words = left >= 0 ? counter.dataset.left : counter.dataset.over;
  counter.textContent = words.replace("{count}", Math.abs(left)).replace("{limit}", limit);
  counter.classList.toggle("counter-over", left < 0);
}

function typedState(form) {
  return new URLSearchParams(
    Array.from(new FormData(form), ([name, value]) => [name, typeof value === "string" ? value : value.name]),
  ).toString();
}

function guardUnsaved(form) {
  const before = typedState(form);
  let sending = false;
  form.addEventListener("submit", () => {
    sending = true;
  });
  window.addEventListener("pageshow", () => {
    sending = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sending && form.isConnected && typedState(form) !== before) event.preventDefault();
  });
}

/** Tables that are wider than the screen can be scrolled by keyboard; the others are no tab stop. */
function reachWideTables() {
  for (const wrap of document.querySelectorAll(".table-wrap")) {
    if (wrap.scrollWidth > wrap.clientWidth) {
      wrap.tabIndex = 0;
    } else {
      wrap.removeAttribute("tabindex");
    }
  }
}

function improve(root) {
  for (const control of root.querySelectorAll("[data-limit]")) showCount(control);
  for (const button of root.querySelectorAll("[data-print][hidden]")) button.hidden = false;
  for (const form of root.querySelectorAll("form[data-guard]:not([data-guarded])")) {
    form.dataset.guarded = "";
    guardUnsaved(form);
  }
  for (const head of root.querySelectorAll(".table th.select-cell:not([data-ready])")) addSelectAll(head);
  reachWideTables();
}

/** A box in the head that ticks every row; without scripts rows are ticked one by one. */
function addSelectAll(head) {
  head.dataset.ready = "";
  const label = document.createElement("label");
  label.className = "select-box";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.dataset.selectAll = "";
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = head.dataset.all;
  label.append(box, words);
  head.replaceChildren(label);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-limit]")) showCount(event.target);
});

document.addEventListener("change", (event) => {
  const control = event.target;
  if (control.matches("[data-submit-on-change]")) control.form.requestSubmit();
  if (control.matches("[data-select-all]")) {
    for (const box of control.closest("table").querySelectorAll("tbody .select-cell input")) {
      box.checked = control.checked;
    }
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  const link = event.target.closest("a[data-makes]");
  if (link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey) sayMaking(link);
});

/** Beside a link to what takes a moment to make: that it is being made, until it comes or its page of waiting. */
function sayMaking(link) {
  if (link.getAttribute("aria-busy")) return;
  const sign = document.createElement("span");
  sign.className = "making-sign";
  sign.setAttribute("role", "status");
  link.setAttribute("aria-busy", "true");
  link.after(sign);
  sign.textContent = document.body.dataset.making;
  const end = () => {
    sign.remove();
    link.removeAttribute("aria-busy");
  };
  window.addEventListener("pageshow", end, { once: true });
  setTimeout(end, 4000);
}

// A second click while the first is under way sends nothing. The server has its own idempotency key;
// this only spares people the wait. Buttons are never disabled.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending && Date.now() - Number(form.dataset.sending) < 5000) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = String(Date.now());
  event.submitter?.setAttribute("aria-busy", "true");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

window.addEventListener("resize", reachWideTables);
document.addEventListener("htmx:load", (event) => improve(event.target));

improve(document);
