// What every page of an account runs.

import "./theme.js";
import "./toasts.js";
import "./patch.js";
import "./menus.js";
import "./drafts.js";
import "./in-place.js";
import "./live.js";
import "../board/board.js";
import "./offline.js";
import "../task/panel.js";
import "../task/task.js";
import "../inbox/inbox.js";
import "./shortcuts.js";

// Tabs that do not fit scroll: begin with the one that is open.
document.querySelector(".settings-tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
