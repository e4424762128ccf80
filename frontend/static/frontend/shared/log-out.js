// A log-out ends the open pages of the member in other tabs. Every page runs this, since forms that end the session
// are on pages with and without drafts. Each account has a separate mark, also where accounts share a host.
//
//   <form data-ends-session="/">   the first page of the account

const PREFIX = "draft-owner:"; // and the first page of the account: the owner of the pages in this browser
const ENDING = "ending"; // in sessionStorage: the account whose session the next page may find ended

export const ownerName = (home) => PREFIX + home;

// The page after the log-out notifies the other tabs, which reload: not earlier, because the session must have ended.
// If the form is shown again, the log-out was refused.
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
  // a browser without storage has no drafts either
}
