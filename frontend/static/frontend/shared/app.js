// What every page of an account runs: the shared modules, and then the modules of pages.

import "./theme.js";
import "./toasts.js";
import "./patch.js";
import "./menus.js";
import "./drafts.js";
import "./in-place.js";
import "./live.js";
import "./offline.js";
import "./shortcuts.js";

import "../board/board.js";
import "../task/task.js";
import "../inbox/inbox.js";

// Tabs that do not fit scroll: begin with the current one.
document.querySelector(".settings-tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
