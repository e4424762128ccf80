// What is in the fields of a form, and what the server sent.

export const isBox = (field) => field.type === "checkbox" || field.type === "radio";
export const valueOf = (field) => (isBox(field) ? field.checked : field.value);

export function defaultOf(field) {
  if (isBox(field)) return field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
  }
  return field.defaultValue;
}

// Say whether the user has put something else into a field; an empty list of options has nothing to choose.
export const hasChanged = (field) => valueOf(field) !== (defaultOf(field) ?? "");
