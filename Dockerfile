# The images of docker-compose.yml. The last stage is the application, and what `docker build .` makes.
#
# It runs as a user without rights on a root file system that may be read-only: everything that it could want to write
# (bytecode, collected style sheets) is made here.

FROM python:3.12.14-slim-trixie AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --user-group --home-dir /tmp --no-create-home app
WORKDIR /app

# Only wheels: nothing is compiled, so no compiler is needed. Each file is checked against its hash.
FROM base AS packages
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt

FROM base AS test-packages
COPY requirements-dev.txt requirements-embedded.txt ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --no-cache-dir --require-hashes --only-binary :all: -r requirements-dev.txt -r requirements-embedded.txt

# `docker compose run --rm test`: the whole checkout. ps, because tests look for processes that were left behind.
FROM base AS test
RUN apt-get update \
    && apt-get install --yes --no-install-recommends pgbouncer procps \
    && rm -rf /var/lib/apt/lists/*
COPY --from=test-packages /opt/venv /opt/venv
COPY --chown=app:app . .
RUN chown app:app . && python -m compileall -q .
USER app
CMD ["python", "-m", "pytest", "-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider"]

# Debian's package: its security fixes come with a rebuild, and the tests run the same program.
FROM base AS pgbouncer
RUN apt-get update \
    && apt-get install --yes --no-install-recommends pgbouncer \
    && rm -rf /var/lib/apt/lists/*
COPY docker/pgbouncer.sh /docker/pgbouncer.sh
USER app
# It waits for the transactions that run. At SIGTERM it would wait for clients to leave, and pools of connections stay.
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/docker/pgbouncer.sh"]

# rclone's image, with the bucket: a new volume takes over what the image has in its place, and whose it is.
FROM rclone/rclone:1.75.0 AS s3
RUN mkdir -p /buckets/commonhold && chown -R 10001:10001 /buckets
USER 10001:10001
ENTRYPOINT ["rclone", "serve", "s3", "--config", "", "--addr", "0.0.0.0:9000", "/buckets"]

FROM base AS web
COPY --from=packages /opt/venv /opt/venv
COPY manage.py ./
COPY config config
COPY tenancy tenancy
COPY accounts accounts
COPY projects projects
COPY tasks tasks
COPY frontend frontend
ENV STATIC_COLLECTED=1
RUN python manage.py collectstatic --no-input && python -m compileall -q .
USER app
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client as http; page = http.HTTPConnection('127.0.0.1', 8000, timeout=4); page.request('GET', '/healthz'); raise SystemExit(page.getresponse().status != 200)"]
# httptools: h11 would answer a request without a Host itself. A proxy's headers are read by Django, when TRUST_PROXY
# is set. Frames of clients are short, and a frame to many clients would be compressed once per client.
# django-structlog logs each request, with its tenant. WEB_CONCURRENCY says how many processes there are; one that does
# not answer for a minute is replaced: five seconds, uvicorn's default, are too few on a busy machine.
CMD ["python", "-m", "uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--http", "httptools", "--no-server-header", "--no-proxy-headers", "--no-access-log", "--timeout-graceful-shutdown", "5", "--timeout-worker-healthcheck", "60", "--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"]
