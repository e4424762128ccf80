// Says on every page that there is no network. Where something is live, that is told beside its title, too.

const banner = document.getElementById("offline");

function show() {
  if (banner) banner.hidden = navigator.onLine;
}

addEventListener("online", show);
addEventListener("offline", show);
show();
