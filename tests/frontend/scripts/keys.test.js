import { equal, load, test } from "./harness.js";

const { isComposing, shortcutOf } = await load("shared/keys.js");
const press = (key, code, shiftKey = false) => shortcutOf({ key, code, shiftKey });

test("Caps Lock does not change a shortcut", () => {
  equal([press("e", "KeyE"), press("E", "KeyE")], ["e", "e"]);
});

test("Shift and a letter are no shortcut", () => {
  equal(press("E", "KeyE", true), "");
});

test("the place of the key counts on a layout without Latin letters", () => {
  equal([press("у", "KeyE"), press("ε", "KeyE"), press("У", "KeyE", true)], ["e", "e", ""]);
  equal([press("،", "Slash"), press("؟", "Slash", true)], ["/", "?"]);
});

test("a letter of another Latin layout is no other letter", () => {
  equal(press("ğ", "KeyE"), "ğ");
});

test("a sign is a shortcut wherever its key is", () => {
  equal([press("?", "Minus", true), press("/", "Digit7", true)], ["?", "/"]);
});

test("keys with a name are no shortcut of a letter", () => {
  equal(press("Enter", "Enter"), "Enter");
});

test("an input method has the key while it composes and when it ends", () => {
  equal(isComposing({ isComposing: true, keyCode: 69 }), true);
  equal(isComposing({ isComposing: false, keyCode: 229 }), true);
  equal(isComposing({ isComposing: false, keyCode: 13 }), false);
});
