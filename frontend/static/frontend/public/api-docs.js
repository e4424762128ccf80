// Starts Swagger UI. A file of its own, because the pages allow no script inside them.
const main = document.getElementById("api");

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.SwaggerUIBundle({
  url: main.dataset.document,
  domNode: main,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // A session's requests need the token from its cookie, as everywhere.
  requestInterceptor(request) {
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
    if (cookie) request.headers["X-CSRFToken"] = cookie[1];
    return request;
  },
});
