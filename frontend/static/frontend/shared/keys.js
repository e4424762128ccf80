// What a key press means, on every keyboard layout.

const LATIN_LETTER = /\p{Script=Latin}/u;
const CODES = { Slash: ["/", "?"] }; // without and with Shift

// Say whether an input method (IME) has the key: it chooses a word with Enter, and gives up with Escape. Safari ends
// the composition before it sends the key that ended it, and only this number shows it.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

// Return the letter or sign that a key stands for in shortcuts, "" for none. Caps Lock changes nothing, and Shift
// makes another key of a letter. Layouts of other scripts have no Latin letters: the place of the key counts there. A
// layout with Latin letters has all of them, perhaps in other places, so "ğ" where others have "e" is no "e".
export function shortcutOf({ key, code, shiftKey }) {
  if (/^[a-z]$/i.test(key)) return shiftKey ? "" : key.toLowerCase();
  if ([...key].length !== 1 || /[!-~]/.test(key) || LATIN_LETTER.test(key)) return key;
  if (CODES[code]) return CODES[code][Number(shiftKey)];
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  return letter && !shiftKey ? letter.toLowerCase() : "";
}
