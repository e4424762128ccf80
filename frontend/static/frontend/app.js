// What every page of an account runs.

import "./theme.js";
import "./toasts.js";
import "./patch.js";
import "./menus.js";
import "./live.js";
import "./board.js";
import "./offline.js";
import "./panel.js";
import "./task.js";
import "./shortcuts.js";
