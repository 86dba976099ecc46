# Two images from one file: `runtime` for the six processes and the command line, `simulators` for a trial without
# gateways. Both are the same pinned Python and the same hash-locked packages; only the copied folders differ.

# A tag, not a digest: rebuilding takes the security fixes of the base. An installation that must rebuild bit by bit
# passes --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
# Without pip inside: it installs from outside and stays in this stage.
RUN python -m venv --without-pip /opt/venv
COPY requirements/runtime.lock /tmp/runtime.lock
# Wheels only: a source package would need a compiler here and run its author's code at build time.
RUN pip --python /opt/venv/bin/python install --require-hashes --only-binary=:all: -r /tmp/runtime.lock

FROM ${PYTHON_IMAGE} AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    # The root file system is read-only where compose runs this: writing bytecode would only fail.
    PYTHONDONTWRITEBYTECODE=1 \
    # A process that dies must not take its last log lines with it.
    PYTHONUNBUFFERED=1 \
    PYTHONFAULTHANDLER=1
# A fixed number, because owners of volumes and files on the host are numbers.
RUN groupadd --gid 10001 motcua \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin motcua
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY contracts/ contracts/
COPY services/ services/
COPY motcua/ motcua/
STOPSIGNAL SIGTERM
# No HEALTHCHECK: an API is asked /readyz and a worker /livez, so compose says it for each service.
ENTRYPOINT ["python", "-m"]
CMD ["motcua", "--help"]

FROM base AS simulators
COPY local/__init__.py local/__init__.py
COPY local/simulators/ local/simulators/
# A named volume takes its owner from the folder it is first mounted on.
RUN install --directory --owner=10001 --group=10001 /data
USER 10001:10001
CMD ["local.simulators"]

# Last, so that a build without --target makes this one and never the simulators.
FROM base AS runtime
USER 10001:10001
