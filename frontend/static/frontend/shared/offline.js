// Shows on every page when there is no network. Pages with live updates show it beside their title too.

const banner = document.getElementById("offline");

function show() {
  if (banner) banner.hidden = navigator.onLine;
}

addEventListener("online", show);
addEventListener("offline", show);
show();
