// The values of form fields: current ones, and those that the server has sent.

export const isBox = (field) => field.type === "checkbox" || field.type === "radio";
export const valueOf = (field) => (isBox(field) ? field.checked : field.value);

export function defaultOf(field) {
  if (isBox(field)) return field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
  }
  return field.defaultValue;
}

// Return whether the user has changed a field. A list without options cannot be changed.
export const hasChanged = (field) => valueOf(field) !== (defaultOf(field) ?? "");
