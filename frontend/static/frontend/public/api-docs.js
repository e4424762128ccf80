// Starts Swagger UI. It is a file because the content security policy allows no inline script.
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
  // Requests with a session need the CSRF token of the cookie.
  requestInterceptor(request) {
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
    if (cookie) request.headers["X-CSRFToken"] = cookie[1];
    return request;
  },
});
