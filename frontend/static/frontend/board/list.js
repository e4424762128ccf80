// The tasks of a project as a list, whose rows are edited in place.

// A click on a cell of a list edits the row, as its button does.
document.addEventListener("click", (event) => {
  const cell = event.target.closest(".list-row > td[data-field]");
  if (cell && !event.target.closest("a, button")) cell.parentElement.querySelector(".list-edit a")?.click();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.elt?.matches?.(".list-row-form"))
    event.detail.elt.querySelector("input:not([type=hidden])")?.focus();
});
