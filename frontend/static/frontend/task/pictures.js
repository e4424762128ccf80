// A picture that is pasted into a text field of the task, or dropped on it, is attached, and a reference to it is
// inserted at the cursor.

export class Reference {
  constructor(file, target) {
    this.field = file.type.startsWith("image/") ? target.closest?.("#task textarea") : null;
    this.start = this.field?.selectionStart;
    this.before = this.field?.value.slice(0, this.start);
  }

  // Text that was typed since stays, and so does the cursor. A text that was sent since is not changed.
  write(url, name) {
    const { field, before } = this;
    if (!field?.isConnected) return;
    const at = field.value.startsWith(before) ? this.start : field.selectionEnd;
    const isAtCursor = field.selectionStart === at && field.selectionEnd === at;
    const line = at && field.value[at - 1] !== "\n" ? "\n" : "";
    const text = `${line}![${name.replace(/[[\]\\]/g, "\\$&")}](${url})\n`;
    field.setRangeText(text, at, at, isAtCursor ? "end" : "preserve");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
