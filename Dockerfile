# Ackbot in a container. Configuration: a directory mounted at /etc/ackbot. State: the volume /var/lib/ackbot.
#   docker build -t ackbot . && docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#       -v ./config:/etc/ackbot:ro -v ackbot:/var/lib/ackbot -p 8080:8080 ackbot
# Make one: docker run --rm -it -v ./config:/etc/ackbot ackbot init /etc/ackbot (in a folder that belongs to 10001).
# In its [web] table: listen = "0.0.0.0:8080"; in an email_lmtp channel: listen = "0.0.0.0:8024".
# With letters as PDF (80 MB more): docker build --build-arg PDF=yes ...
ARG PDF=""

FROM python:3.11-slim AS build
ARG PDF
WORKDIR /src
COPY requirements.lock requirements-pdf.lock requirements-build.lock ./
# No pip in the environment that is shipped: the one of this stage installs into it.
RUN python -m venv --without-pip /opt/ackbot \
    && python -m pip --python /opt/ackbot/bin/python install --no-cache-dir --require-hashes -r "requirements${PDF:+-pdf}.lock" \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY . .
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
    && python -m pip --python /opt/ackbot/bin/python install --no-cache-dir --no-index --no-deps /dist/*.whl

FROM python:3.11-slim
ARG PDF
# hadolint ignore=DL3008
RUN if [ -n "$PDF" ]; then \
        apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
            libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core fonts-droid-fallback && rm -rf /var/lib/apt/lists/*; \
    fi
# Nobody installs anything here, and no program lends its owner's rights. The base image comes without bytecode: on a
# read-only file system nothing that Python imports would ever be kept compiled.
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip setuptools wheel \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && python -m compileall -q -x '/(test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip|(site|dist)-packages)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/ackbot /opt/ackbot
COPY deploy/image/healthy.sh /usr/local/bin/healthy
RUN mkdir -p /etc/ackbot /var/lib/ackbot && chown 10001:10001 /var/lib/ackbot
ENV PATH=/opt/ackbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ACKBOT_CONFIG=/etc/ackbot \
    ACKBOT_HEALTH_URL=http://127.0.0.1:8080/healthz
USER 10001:10001
WORKDIR /var/lib/ackbot
VOLUME /var/lib/ackbot
EXPOSE 8080 8024
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["healthy"]
ENTRYPOINT ["ackbot"]
CMD ["run"]
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="Ackbot" \
      org.opencontainers.image.description="Acknowledges every contact in time, and alerts staff before a promise is broken." \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
