// A log-out ends the pages of the member that are open in other tabs. Every page runs this, with and without drafts: forms
// that end the session are on both. Each account has its own log-in, also where accounts share a host.
//
//   <form data-ends-session="/">   the first page of the account

const PREFIX = "draft-owner:"; // then the first page of the account: whose pages this browser shows
const ENDING = "ending"; // in sessionStorage: which log-in the page that comes next may find ended

export const ownerName = (home) => PREFIX + home;

// Other tabs are told by the page that follows, when the session has ended, not before: they reload then. If the form is
// shown again it was refused.
function finish() {
  const home = sessionStorage.getItem(ENDING);
  sessionStorage.removeItem(ENDING);
  const isRefused = document.querySelector("#main form[data-ends-session]");
  if (home !== null && !isRefused && !document.getElementById("drafts")) localStorage.removeItem(ownerName(home));
}

try {
  finish();
  document.addEventListener("submit", (event) => {
    const home = event.target.dataset.endsSession;
    if (home !== undefined) sessionStorage.setItem(ENDING, home);
  });
} catch {
  // a browser that stores nothing has no drafts either
}
