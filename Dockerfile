# One node of Coweave: the designer built by Node.js, the wheel built by Python, and neither's tools in the result.

FROM node:22.12.0-bookworm-slim AS designer
WORKDIR /src/designer_ui
COPY designer_ui/package.json designer_ui/package-lock.json designer_ui/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY designer_ui ./
RUN npm run build

FROM python:3.11.9-slim-bookworm AS wheel
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY constraints.txt ./
RUN pip install --constraint constraints.txt hatchling && python -m venv /opt/coweave
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY ot ot
COPY schemas schemas
COPY server server
COPY --from=designer /src/server/static server/static
RUN python -m hatchling build --target wheel \
    && wheel="$(echo dist/*.whl)" \
    && /opt/coweave/bin/pip install --constraint constraints.txt "${wheel}[server]"

FROM python:3.11.9-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin coweave
COPY --from=wheel /opt/coweave /opt/coweave
# Beyond loopback, development mode (users by name, without a password) is off unless it is asked for.
ENV PATH=/opt/coweave/bin:$PATH \
    COWEAVE_HOST=0.0.0.0 \
    COWEAVE_PORT=8000 \
    COWEAVE_DATABASE=sqlite:////data/coweave.sqlite3 \
    COWEAVE_DATA_DIR=/data
USER coweave
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['COWEAVE_PORT'] + '/readyz', timeout=3)"]
ENTRYPOINT ["coweave"]
CMD ["serve"]
