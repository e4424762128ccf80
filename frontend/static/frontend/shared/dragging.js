// Dragging a card with a pointer: at once with a mouse or a pen, after a long press with a finger, which scrolls
// otherwise. The card itself is the gap where it will land; a copy of it hangs on the pointer.

const THRESHOLD = 4; // pixels until a press is a drag
const LONG_PRESS_MS = 350;
const EDGE = 48; // pixels from an edge where the page begins to scroll
const SPEED = 12; // pixels in a frame

export function drag({ board, placeOf, putBack, commit, hold, release }) {
  let press = null; // what was pressed, and where, before it is a drag
  let current = null; // what is dragged

  function begin({ item, x, y }) {
    const box = item.getBoundingClientRect();
    const copy = item.cloneNode(true);
    copy.removeAttribute("id");
    copy.classList.add("card-lifted");
    copy.setAttribute("aria-hidden", "true");
    copy.style.width = `${box.width}px`;
    document.body.append(copy);
    current = { item, copy, origin: placeOf(item), x, y, left: box.left - x, top: box.top - y };
    item.classList.add("card-gap");
    document.documentElement.classList.add("dragging");
    getSelection().removeAllRanges();
    requestAnimationFrame(scroll);
  }

  function end() {
    current.copy.remove();
    current.item.classList.remove("card-gap");
    document.documentElement.classList.remove("dragging");
    const { item, origin } = current;
    current = null;
    return { item, origin };
  }

  function follow(x, y) {
    Object.assign(current, { x, y });
    current.copy.style.transform = `translate(${x + current.left}px, ${y + current.top}px) rotate(1deg)`;
    const column = document.elementFromPoint(x, y)?.closest(".column") ?? columnAt(x);
    if (!column) return;
    const list = column.querySelector(".cards");
    const others = [...list.children].filter((each) => each !== current.item);
    const next = others.find((each) => {
      const box = each.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    if (current.item.parentElement === list && current.item.nextElementSibling === (next ?? null)) return;
    list.insertBefore(current.item, next ?? null);
  }

  // Below its cards a column is as wide as above.
  function columnAt(x) {
    return [...document.querySelectorAll(".board .column")].find((column) => {
      const box = column.getBoundingClientRect();
      return x >= box.left && x <= box.right;
    });
  }

  function scroll() {
    if (!current) return;
    const area = board()?.getBoundingClientRect();
    if (area) {
      if (current.x < area.left + EDGE) board().scrollLeft -= SPEED;
      else if (current.x > area.right - EDGE) board().scrollLeft += SPEED;
    }
    if (current.y < EDGE) scrollBy(0, -SPEED);
    else if (current.y > innerHeight - EDGE) scrollBy(0, SPEED);
    requestAnimationFrame(scroll);
  }

  function forget() {
    clearTimeout(press?.timer);
    press = null;
  }

  function cancel() {
    if (!press && !current) return;
    forget();
    if (current) {
      const { item, origin } = end();
      putBack(item, origin);
    }
    release();
  }

  document.addEventListener("pointerdown", (event) => {
    const item = event.target.closest?.(".board[data-movable] .card-item");
    if (!item || event.button || current || event.target.closest(".card-menu")) return;
    if (item.classList.contains("card-busy")) return;
    press = { item, x: event.clientX, y: event.clientY, id: event.pointerId, isTouch: event.pointerType === "touch" };
    hold(); // from the press on: what is replaced before the first move cannot be dragged any more
    if (press.isTouch) press.timer = setTimeout(() => press && begin(press), LONG_PRESS_MS);
  });

  document.addEventListener("pointermove", (event) => {
    if (current && event.pointerId === press?.id) {
      follow(event.clientX, event.clientY);
      return;
    }
    if (!press || event.pointerId !== press.id) return;
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < THRESHOLD) return;
    if (press.isTouch) cancel();
    else {
      begin(press);
      follow(event.clientX, event.clientY);
    }
  });

  document.addEventListener("pointerup", (event) => {
    if (!current) {
      cancel();
      return;
    }
    forget();
    follow(event.clientX, event.clientY);
    // The click that follows would open the card.
    const stop = (event) => event.preventDefault() ?? event.stopPropagation();
    addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", stop, { capture: true }), 0);
    const { item, origin } = end();
    commit(item, origin);
  });

  document.addEventListener("pointercancel", cancel);
  addEventListener("blur", cancel);
  document.addEventListener("keydown", (event) => {
    if (current && event.key === "Escape") cancel();
  });
  // Links and pictures would be dragged by the browser, long presses open its menu, and moving fingers scroll.
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".board[data-movable] .card-item")) event.preventDefault();
  });
  document.addEventListener("contextmenu", (event) => {
    if (current || press?.isTouch) event.preventDefault();
  });
  document.addEventListener("touchmove", (event) => current && event.preventDefault(), { passive: false });
}
