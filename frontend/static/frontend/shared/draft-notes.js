// The notes at forms about unsent text. The page contains the texts in `#draft-texts`.

const place = document.getElementById("draft-texts");
const words = (name) => place?.getAttribute(`data-${name}`) ?? "";

function button(text, attribute, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = text;
  if (attribute) made.setAttribute(attribute, "");
  if (onClick) made.addEventListener("click", onClick);
  return made;
}

function link(text, href) {
  const made = document.createElement("a");
  made.className = "button";
  made.href = href;
  made.textContent = text;
  made.setAttribute("hx-boost", "false");
  return made;
}

function note(text, ...actions) {
  const made = document.createElement("section"); // not a `div`: layouts count those of a form
  made.className = "draft-note";
  made.setAttribute("role", "status");
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  made.append(paragraph, ...actions);
  return made;
}

const noteOf = (form) => form.querySelector(":scope > .draft-note");

export function hideNote(form) {
  noteOf(form)?.remove();
}

// Show a note at the start of a form. `reason` names its text, unless the server has sent one.
export function showNote(form, reason, { words: own, isKept = true, mayDiscard = false, back = "" } = {}) {
  const text = mayDiscard ? words(reason) : `${own || words(reason)} ${words(isKept ? "kept" : "unkept")}`;
  if (noteOf(form)?.firstElementChild.textContent === text) return; // a screen reader would read it again
  hideNote(form);
  const actions = [];
  if (reason === "ended" && !mayDiscard) actions.push(link(words("log-in"), back));
  if (mayDiscard) actions.push(button(words("discard"), "data-discard"));
  form.prepend(note(text, ...actions));
}

// Show a note on the page about unsent text of a form that the page does not contain.
export function showHint(draft, discard) {
  const text = draft.what ? `${words("elsewhere")} (${draft.what})` : words("elsewhere");
  const made = note(text, link(words("show"), draft.open));
  made.append(
    button(words("discard"), "", () => {
      discard();
      made.remove();
    }),
  );
  made.classList.add("notice");
  made.dataset.draft = draft.id;
  document.getElementById("main").prepend(made);
}

export const isShown = (id) => Boolean(document.querySelector(`.draft-note[data-draft="${CSS.escape(id)}"]`));
