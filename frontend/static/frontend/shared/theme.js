// The theme: light, dark, or that of the system. The choice is a cookie, so the server renders the page with it.

const YEAR = 365 * 24 * 3600;
const choice = document.querySelector("[data-theme-choice]");

function apply(theme) {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

if (choice) {
  choice.hidden = false;
  choice.addEventListener("change", (event) => apply(event.target.value));
}
